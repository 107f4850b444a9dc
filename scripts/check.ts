// `npm run check`: every check:* script of package.json, one after the other, each with its seconds. All of
// them run even when one fails, so that one round shows everything; any failure makes the exit code 1.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const PREFIX = 'check:';

const root = new URL('..', import.meta.url);
const { scripts } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
  scripts: Record<string, string>;
};

const rows = Object.entries(scripts)
  .filter(([name]) => name.startsWith(PREFIX))
  .map(([name, command]) => runCheck(name.slice(PREFIX.length), command));

console.log();
for (const { name, seconds, passed } of rows) {
  console.log(
    `${passed ? 'ok  ' : 'FAIL'}  ${name.padEnd(12)} ${seconds.toFixed(1).padStart(6)} s`,
  );
}
const failed = rows.filter(({ passed }) => !passed).length;
console.log(`\n${rows.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** The command finds its tools because npm put node_modules/.bin on the path. */
function runCheck(
  name: string,
  command: string,
): { name: string; seconds: number; passed: boolean } {
  console.log(`\n— ${name}: ${command}`);
  const startedAt = performance.now();
  const { status } = spawnSync(command, { shell: true, stdio: 'inherit', cwd: root });
  return { name, seconds: (performance.now() - startedAt) / 1000, passed: status === 0 };
}
