// `npm run test:heavy -- <paths>`: tests named x.heavy.ts, which need minutes, a compiler or strace, and are
// therefore no part of `npm test`. `.ci/run` runs each of them as a suite.

import { join } from 'node:path';
import { formatTally, runJest } from './testing/run-jest.ts';

const paths = process.argv.slice(2);
if (paths.length === 0) {
  console.error('npm run test:heavy: expected at least one path below test/, found none.');
  process.exit(2);
}
const tally = runJest({
  root: join(import.meta.dirname, '..'),
  config: 'jest.heavy.config.ts',
  argv: paths,
});
console.log(formatTally(tally));
process.exitCode = tally.failed === 0 ? 0 : 1;
