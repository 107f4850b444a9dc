// `npm test`: every test on both databases in one run, the parity of the two, and the coverage of all
// processes together. Takes no arguments, because half a run can prove neither parity nor coverage.

import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';

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
const tests = runNode([
  '--experimental-vm-modules',
  'node_modules/jest/bin/jest.js',
  '--config',
  'jest.full.config.ts',
]);
const seconds = Math.round((performance.now() - startedAt) / 1000);
console.log(`\nTests took ${seconds} s. Coverage:`);
const coverage = runNode(['scripts/coverage.ts', rawFolder]);
process.exitCode = tests === 0 && coverage === 0 ? 0 : 1;

function runNode(argv: string[]): number {
  const { status } = spawnSync(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', ...argv],
    {
      cwd: root,
      stdio: 'inherit',
      env: { ...process.env, SALLYPORT_CHILD_COVERAGE: rawFolder },
    },
  );
  return status ?? 1;
}
