import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { EXIT_CODES, exitCodeTable } from '../../installer/exit-codes.ts';
import { ROOT } from '../support/spawn-appliance.ts';

test.each(['docs/box.md', 'docs/install.md'])('%s carries the table of exit codes', (page) => {
  expect(readFileSync(`${ROOT}/${page}`, 'utf8')).toContain(exitCodeTable());
});

test('every exit code is another number', () => {
  const codes = Object.values(EXIT_CODES).map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
});
