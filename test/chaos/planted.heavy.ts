// A rehearsal that cannot fail proves nothing: with each of three bugs built in, `npm run chaos` finds the
// promise that the bug breaks and exits with 1.

import { describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function rehearse(argv: readonly string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, ['scripts/chaos.ts', ...argv], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const said: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => void said.push(chunk.toString()));
  }
  return new Promise((resolve) => {
    child.once('close', (code) => resolve({ code, text: said.join('') }));
  });
}

describe('a rehearsal finds a bug that was built in', () => {
  test.each([
    ['ack-before-commit', 'every acknowledged event is in the database'],
    ['new-key-per-retry', 'no operation has two effects at a provider'],
    ['blind-replay', 'no operation has two effects at a provider'],
  ])('%s breaks: %s', async (plant, promise) => {
    // It ends at the kill that shows the bug, mostly within the first six.
    const { code, text } = await rehearse(['--plant', plant, '--kills', '24', '--seed', '11']);
    expect(text).toContain(`BROKEN  ${promise}`);
    expect(code).toBe(1);
  });
});

describe('the command line of a rehearsal', () => {
  test.each([
    [['--kills', '3'], '--kills: expected an integer from 18 to 1000, found 3.'],
    [['--database', 'oracle'], '--database: expected sqlite or postgres, found oracle.'],
    [['--seed', '-1'], '--seed'],
    [['--plant', 'rain'], '--plant: expected one of'],
    [['--surprise'], '--surprise'],
  ])('%j is refused by name', async (argv, words) => {
    const { code, text } = await rehearse(argv);
    expect(text).toContain(words);
    expect(code).toBe(2);
  });
});
