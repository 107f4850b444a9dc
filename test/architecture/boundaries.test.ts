// The dependency rules of docs/architecture.md hold for the tree, and each of them is shown to bite.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import rules from '../../.dependency-cruiser.ts';
import { readDomainTable } from '../../scripts/architecture/domain-table.ts';
import { ALLOWED_IMPORTS, plantedImports, plantTree } from './planted-imports.ts';

interface Violation {
  from: string;
  rule: { name: string };
}

const ROOT = join(import.meta.dirname, '../..');
const FOLDERS = ['server', 'config', 'installer', 'migrations', 'scripts', 'simulators', 'test'];

const domains = readDomainTable();
const planted = plantedImports(domains);
let folder: string;
let found: Violation[];

function violationsIn(root: string): Violation[] {
  const cruiser = join(ROOT, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = join(ROOT, '.dependency-cruiser.ts');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [cruiser, '--config', config, '--output-type', 'json', ...FOLDERS],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser said: ${stdout}${stderr}`);
  return (JSON.parse(stdout) as { summary: { violations: Violation[] } }).summary.violations;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-boundaries-'));
  plantTree(folder, [...planted, ...ALLOWED_IMPORTS]);
  found = violationsIn(folder);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the dependency rules', () => {
  test('the tree keeps all of them', () => {
    const violations = violationsIn(ROOT).map(({ rule, from }) => `${rule.name}: ${from}`);
    expect(violations).toEqual([]);
  });

  test.each(planted)('$rule: $from importing “$to” is reported', ({ rule, from }) => {
    expect(found.map((violation) => `${violation.rule.name}: ${violation.from}`)).toContain(
      `${rule}: ${from}`,
    );
  });

  test.each(ALLOWED_IMPORTS)('$from importing $to is allowed', ({ from }) => {
    expect(found.filter((violation) => violation.from === from)).toEqual([]);
  });

  test('every rule has a planted breach', () => {
    const names = rules.forbidden.map(({ name }) => String(name));
    expect([...new Set(planted.map(({ rule }) => rule))].toSorted()).toEqual(names.toSorted());
  });
});
