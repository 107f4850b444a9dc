// `npm run check:migrations`: refuses a migration that would lock or break a running older version on
// Postgres, by the statements it really sends, with the rule and the remedy. Needs no database. The rules:
// docs/migrations.md.

import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MIGRATIONS } from '../migrations/index.ts';
import { type Finding, lintMigrations } from './migrations-lint/lint.ts';
import { readReleased } from './migrations-lint/released.ts';

const SHOWN_MAX = 200;

const released = readReleased();
const { findings, history } = await lintMigrations(MIGRATIONS, released);
const problems = [...history, ...unlisted(), ...findings.map(describe)];
for (const problem of problems) console.error(`${problem}\n`);
console.log(
  `${MIGRATIONS.length} migrations, ${released.length} of them released: ` +
    (problems.length === 0 ? 'nothing to say' : `${problems.length} problems`),
);
process.exitCode = problems.length === 0 ? 0 : 1;

function describe({ migration, rule, statements }: Finding): string {
  const shown = statements.map((text) => `    ${text.slice(0, SHOWN_MAX)}`);
  return [
    `migrations/${migration}.ts  ${rule.id}: it ${rule.refuses}. ${rule.why}`,
    ...shown,
    `  Remedy: ${rule.remedy}`,
  ].join('\n');
}

/** A file that the list forgets never runs. */
function unlisted(): string[] {
  const listed = new Set(MIGRATIONS.map(({ name }) => `${name}.ts`));
  const files = readdirSync(fileURLToPath(new URL('../migrations', import.meta.url)));
  return files
    .filter((file) => /^\d/.test(file) && !listed.has(file))
    .map(
      (file) => `migrations/${file}: expected it in migrations/index.ts, found it nowhere there.`,
    );
}
