import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { removeStaleClusters } from './stale-clusters.ts';

let parent: string;
let children: ChildProcess[];

/** A folder as a test run leaves it, and the process that plays its server. */
async function plantCluster(
  maker: number,
  serverNames: 'its folder' | 'another',
): Promise<{
  folder: string;
  server: ChildProcess;
}> {
  const folder = join(parent, `sallyport-postgres-${maker}-x`);
  mkdirSync(join(folder, 'data'), { recursive: true });
  const shown = serverNames === 'its folder' ? folder : '/somewhere/else';
  const server = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)', shown]);
  children.push(server);
  await once(server, 'spawn');
  writeFileSync(join(folder, 'data/postmaster.pid'), `${server.pid}\n${folder}/data\n`);
  return { folder, server };
}

function pidOfTheDead(): number {
  return spawnSync(process.execPath, ['-e', '']).pid;
}

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'sallyport-stale-'));
  children = [];
});

afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(parent, { recursive: true, force: true });
});

describe('clusters of test runs that were killed', () => {
  test('the server of a dead run is stopped and its folder removed', async () => {
    const { folder, server } = await plantCluster(pidOfTheDead(), 'its folder');
    const ended = once(server, 'exit');
    removeStaleClusters(parent);
    expect(await ended).toEqual([null, 'SIGQUIT']);
    expect(existsSync(folder)).toBe(false);
  });

  test('a run that is still going keeps its cluster', async () => {
    const { folder, server } = await plantCluster(process.pid, 'its folder');
    removeStaleClusters(parent);
    expect(existsSync(folder)).toBe(true);
    expect(server.kill(0)).toBe(true);
  });

  test('a process that only took over the number is left alone', async () => {
    const { folder, server } = await plantCluster(pidOfTheDead(), 'another');
    removeStaleClusters(parent);
    expect(existsSync(folder)).toBe(false);
    expect(server.kill(0)).toBe(true);
  });
});
