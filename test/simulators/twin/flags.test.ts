// Flags: wrong ones are refused by name before anything is opened, with exit code 2.

import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { COMMON_FLAGS, FlagError, parseFlags } from '../../../simulators/twin/flags.ts';

test.each([
  [[], '--database is required'],
  [['--database', 'x', '--colour', 'red'], '--colour'],
  [
    ['--database', 'x', '--port', '70000'],
    '--port: expected a port from 0 to 65535, found "70000"',
  ],
  [['--database', 'x', '--port', 'eighty'], '--port'],
  [['--database', 'x', '--webhook-url', 'ftp://h'], '--webhook-url: expected an http or https URL'],
  [['--database', ''], '--database: expected a value'],
  [['--database', 'x', 'stray'], 'stray'],
])('%j is refused', (argv, message) => {
  expect(() => parseFlags(argv, COMMON_FLAGS)).toThrow(FlagError);
  expect(() => parseFlags(argv, COMMON_FLAGS)).toThrow(message);
});

test.each([
  ['stripe', ['--database', ':memory:', '--nonsense'], '--nonsense'],
  [
    'stripe',
    ['--database', ':memory:', '--webhook-url', 'http://127.0.0.1:1/'],
    '--webhook-secret is required',
  ],
  ['veriff', ['--database', ':memory:'], '--api-key is required'],
])('the %s process ends with 2 and says why: %j', (kind, argv, message) => {
  const main = fileURLToPath(new URL(`../../../simulators/${kind}/main.ts`, import.meta.url));
  const env = { ...process.env, NODE_OPTIONS: '' };
  const ended = spawnSync(process.execPath, [main, ...argv], { encoding: 'utf8', env });
  expect(ended.status).toBe(2);
  expect(ended.stderr).toContain(message);
  expect(ended.stdout).toBe('');
});
