// Runs the tests of bad input on SQLite and writes docs/bad-input.md from the answers they got.

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const { status } = spawnSync(
  process.execPath,
  [
    '--experimental-vm-modules',
    '--disable-warning=ExperimentalWarning',
    'node_modules/jest/bin/jest.js',
    'test/bad-input',
    '--selectProjects',
    'sqlite',
  ],
  {
    cwd: join(import.meta.dirname, '..'),
    stdio: 'inherit',
    env: { ...process.env, WRITE_BAD_INPUT_PAGE: '1' },
  },
);
process.exitCode = status ?? 1;
