// Every package we depend on has its reason in docs/decisions/0009, and no reason outlives its package.

import { expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const ROOT = join(import.meta.dirname, '../..');

test('the libraries of package.json and those of docs/decisions/0009 are the same', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'devDependencies' | 'optionalDependencies',
    Record<string, string>
  >;
  const page = readFileSync(join(ROOT, 'docs/decisions/0009-libraries-added.md'), 'utf8');
  const firstCells = [...page.matchAll(/^\| (`[^|]*) \|/gm)].map((match) => match[1] ?? '');
  const listed = firstCells.flatMap((cell) =>
    [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? ''),
  );
  const { dependencies, devDependencies, optionalDependencies } = manifest;
  const installed = Object.keys({ ...dependencies, ...devDependencies, ...optionalDependencies });
  expect(listed.toSorted()).toEqual(installed.toSorted());
});
