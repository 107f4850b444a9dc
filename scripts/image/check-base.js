// Is this Node the right one, and are there native modules for this platform? Plain JavaScript, so that every
// Node can read it. Ends with 1 and one line that names the build argument, what was expected and found.

import { nodeVersionProblem } from '../../config/node-version.js';

const argument = process.argv[2] ?? 'BASE';
const problem = versionProblem() ?? platformProblem();
if (problem !== null) {
  process.stderr.write(`${argument}: ${problem}\n`);
  process.exit(1);
}

function versionProblem() {
  if (nodeVersionProblem(process.versions.node) === null) return null;
  return (
    `expected an image with Node 24.12 or a later 24, found Node ${process.versions.node}. ` +
    'For example: node:24-bookworm-slim'
  );
}

function platformProblem() {
  if (!['x64', 'arm64'].includes(process.arch)) {
    return `expected an image for x64 or arm64, found ${process.arch}.`;
  }
  const glibc = process.report.getReport().header.glibcVersionRuntime;
  if (glibc === undefined) {
    return 'expected an image with glibc, as Debian and its kin have, found another C library (musl?).';
  }
  const [major = 0, minor = 0] = glibc.split('.').map(Number);
  if (major > 2 || minor >= 31) return null;
  return `expected glibc 2.31 or later, which the native modules need, found ${glibc}.`;
}
