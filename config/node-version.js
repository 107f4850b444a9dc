// Whether this Node can run the sources. Plain JavaScript on purpose: a Node that cannot read TypeScript
// must still be able to say so in one line. On a wrong version it ends the process with exit code 1.

const WANTED = { major: 24, minorMin: 12 };

/** @param {string} version as in process.versions.node; @returns {string | null} what is wrong with it */
export function nodeVersionProblem(version) {
  const [major, minor] = version.split('.').map(Number);
  if (major === WANTED.major && minor !== undefined && minor >= WANTED.minorMin) return null;
  return (
    `sallyport: expected Node ${WANTED.major}.${WANTED.minorMin} or a later ${WANTED.major}, found ${version}. ` +
    'Run it by npm after `npm ci`, which brings the right one, or install Node 24.\n'
  );
}

export function requireNode() {
  const problem = nodeVersionProblem(process.versions.node);
  if (problem === null) return;
  process.stderr.write(problem);
  process.exit(1);
}
