// Two releases in folders of their own: the one before, and the one to come. The one before is the folder in
// SALLYPORT_PREVIOUS_RELEASE, or the newest tag v*, or, as long as there is none, this checkout as it is. The
// one to come is a copy of this checkout with planted migrations at the end of its list.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A migration as text: its file is part of the release like any other. */
export interface PlantedMigration {
  name: string;
  /** The body of `up`, with `knex` and what migrations/support.ts has. */
  up: string;
  isTransaction?: false;
}

const CHECKOUT = join(import.meta.dirname, '../..');
const PARTS = ['config', 'installer', 'migrations', 'scripts', 'server', 'simulators'];
const SUPPORT = ['addColumns', 'addIndex', 'createTable'];

export function previousRelease(folder: string): { root: string; which: string } {
  const given = process.env['SALLYPORT_PREVIOUS_RELEASE'];
  if (given !== undefined && given !== '') return { root: given, which: given };
  const root = join(folder, 'previous');
  const tag = newestTag();
  if (tag === null) {
    copyCheckout(root);
    return { root, which: 'this checkout' };
  }
  mkdirSync(root, { recursive: true });
  const archive = execFileSync('git', ['archive', tag], { cwd: CHECKOUT, maxBuffer: 2 ** 30 });
  execFileSync('tar', ['-x', '-C', root], { input: archive });
  symlinkSync(join(CHECKOUT, 'node_modules'), join(root, 'node_modules'));
  return { root, which: tag };
}

export function releaseWith(root: string, planted: readonly PlantedMigration[]): string {
  copyCheckout(root);
  for (const migration of planted) writeFileSync(fileOf(root, migration.name), source(migration));
  const index = join(root, 'migrations/index.ts');
  const text = readFileSync(index, 'utf8');
  const imports = planted.map(({ name }, at) => `import * as planted${at} from './${name}.ts';\n`);
  const rows = planted.map(({ name }, at) => `  { name: '${name}', ...planted${at} },\n`);
  const end = text.lastIndexOf('];');
  writeFileSync(index, [...imports, text.slice(0, end), ...rows, text.slice(end)].join(''));
  return root;
}

function copyCheckout(root: string): void {
  mkdirSync(root, { recursive: true });
  for (const part of PARTS) cpSync(join(CHECKOUT, part), join(root, part), { recursive: true });
  cpSync(join(CHECKOUT, 'package.json'), join(root, 'package.json'));
  symlinkSync(join(CHECKOUT, 'node_modules'), join(root, 'node_modules'));
}

function newestTag(): string | null {
  const options = { cwd: CHECKOUT, encoding: 'utf8' } as const;
  const tags = execFileSync('git', ['tag', '--list', 'v*', '--sort=-v:refname'], options);
  return tags.split('\n')[0] || null;
}

function fileOf(root: string, name: string): string {
  return join(root, 'migrations', `${name}.ts`);
}

function source({ up, isTransaction }: PlantedMigration): string {
  const used = SUPPORT.filter((word) => up.includes(`${word}(`));
  return [
    "import type { Knex } from 'knex';",
    used.length === 0 ? '' : `import { ${used.join(', ')} } from './support.ts';`,
    isTransaction === false ? 'export const config = { transaction: false };' : '',
    `export async function up(knex: Knex): Promise<void> {\n${up}\n}`,
    "export async function down(knex: Knex): Promise<void> { await knex.raw('select 1'); }",
    '',
  ].join('\n');
}
