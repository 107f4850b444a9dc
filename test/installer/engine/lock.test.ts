import { describe, expect, test } from '@jest/globals';
import { takeLock } from '../../../installer/engine/lock.ts';
import type { MemoryTree } from '../../../installer/host/memory-files.ts';
import { recordingHost, type RecordingHost } from '../../../installer/host/recording-host.ts';
import { folder, playMachine } from '../support/played-machine.ts';

const FILE = '/srv/box/state/lock';

function machine(): { host: RecordingHost; tree: MemoryTree } {
  const tree: MemoryTree = new Map();
  folder(tree, '/srv/box/state');
  return { host: recordingHost(playMachine(tree), tree), tree };
}

function put(tree: MemoryTree, text: string): void {
  tree.set(FILE, { kind: 'file', text, mode: 0o600 });
}

describe('the lock', () => {
  test('a second run is refused, with who holds it', async () => {
    const { host } = machine();
    await takeLock(host, FILE);
    await expect(takeLock(host, FILE)).rejects.toMatchObject({
      exit: 'locked',
      message: expect.stringContaining(`process ${host.processes.ownPid}`),
    });
  });

  test('once released it can be taken again', async () => {
    const { host, tree } = machine();
    const lock = await takeLock(host, FILE);
    await lock.release();
    expect(tree.has(FILE)).toBe(false);
    await takeLock(host, FILE);
  });

  test('that of a process that is gone is taken over', async () => {
    const { host, tree } = machine();
    await takeLock(host, FILE);
    const next = host.reborn();
    await takeLock(next, FILE);
    expect([...tree.keys()].filter((path) => path.includes('stale'))).toEqual([]);
  });

  test('that of a later process with the same pid is taken over', async () => {
    const { host, tree } = machine();
    const { ownPid } = host.processes;
    put(
      tree,
      JSON.stringify({ pid: ownPid, identity: 'another', hostname: 'recorded', since: '' }),
    );
    await takeLock(host, FILE);
  });

  test('that of another machine is never taken over', async () => {
    const { host, tree } = machine();
    put(tree, JSON.stringify({ pid: 1, identity: 'x', hostname: 'elsewhere', since: 'noon' }));
    await expect(takeLock(host, FILE)).rejects.toMatchObject({ exit: 'locked' });
  });

  test('a file that is no lock is taken over', async () => {
    const { host, tree } = machine();
    put(tree, '');
    await takeLock(host, FILE);
  });
});
