// `npm test`: every test on both databases in one run, the parity of the two, and the coverage of all
// processes together. Takes no arguments, because half a run can prove neither parity nor coverage.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { formatTally, NODE_FLAGS, runJest } from './testing/run-jest.ts';

if (process.argv.length > 2) {
  console.error(
    `npm test: expected no arguments, found "${process.argv.slice(2).join(' ')}". Use npm run test:one -- <paths>.`,
  );
  process.exit(2);
}

const root = join(import.meta.dirname, '..');
const rawFolder = join(root, 'coverage/raw');
rmSync(join(root, 'coverage'), { recursive: true, force: true });

const startedAt = performance.now();
const tests = runJest({
  root,
  config: 'jest.full.config.ts',
  env: { SALLYPORT_TEST_CHILD_COVERAGE: rawFolder },
});
const seconds = Math.round((performance.now() - startedAt) / 1000);
console.log(`\nTests took ${seconds} s. Coverage:`);
const coverage = spawnSync(process.execPath, [...NODE_FLAGS, 'scripts/coverage.ts', rawFolder], {
  cwd: root,
  stdio: 'inherit',
});
// The minimum of coverage is one more thing that holds or does not.
const enough = coverage.status === 0;
const passed = tests.passed + (enough ? 1 : 0);
const failed = tests.failed + (enough ? 0 : 1);
console.log(formatTally({ passed, failed }));
process.exitCode = failed === 0 ? 0 : 1;
