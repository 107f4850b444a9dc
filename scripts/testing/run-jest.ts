// Runs jest as a process of its own and counts. A run that fails without a failed test (a suite that does
// not load, a reporter that objects, a crash) still counts as one failure; what was skipped counts as failed.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Tally {
  passed: number;
  failed: number;
}

export interface JestRun {
  root: string;
  /** File name, relative to the root. */
  config: string;
  argv?: string[];
  env?: Record<string, string>;
}

interface JestResults {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
}

export const NODE_FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

export function runJest({ root, config, argv = [], env = {} }: JestRun): Tally {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-jest-'));
  const outputFile = join(folder, 'results.json');
  try {
    const { status } = spawnSync(
      process.execPath,
      [
        ...NODE_FLAGS,
        'node_modules/jest/bin/jest.js',
        ...['--config', config, '--json', '--outputFile', outputFile, ...argv],
      ],
      // jest's own text goes to stderr; its JSON is read from the file.
      { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env, ...env } },
    );
    return countResults(readResults(outputFile), status);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export function countResults(results: JestResults | null, status: number | null): Tally {
  if (results === null) return { passed: 0, failed: 1 };
  const failed =
    results.numFailedTests +
    results.numPendingTests +
    results.numTodoTests +
    results.numRuntimeErrorTestSuites;
  return { passed: results.numPassedTests, failed: status !== 0 && failed === 0 ? 1 : failed };
}

export function formatTally({ passed, failed }: Tally): string {
  return `${passed} passed, ${failed} failed`;
}

function readResults(file: string): JestResults | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as JestResults;
  } catch {
    // jest ended before it could write: one failure, and its own words are above.
    return null;
  }
}
