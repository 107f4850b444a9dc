import { describe, expect, test } from '@jest/globals';
import { Killed } from '../../../installer/host/recording-host.ts';
import { planTakeAway } from '../../../installer/runtimes/take-away.ts';
import { folder } from '../support/played-machine.ts';
import { createRig, HOME, type Kind, type Rig } from '../support/rig.ts';

const ON_MACHINE: readonly Kind[] = ['systemd', 'pidfile', 'container'];
const WITH_DATA = { deletesData: true };

function put(rig: Rig, path: string): void {
  folder(rig.tree, path.replace(/\/[^/]+$/, ''));
  rig.tree.set(path, { kind: 'file', text: 'dear to somebody', mode: 0o644 });
}

function belowHome({ tree }: Rig): string[] {
  return [...tree.keys()].filter((path) => path === HOME || path.startsWith(`${HOME}/`));
}

describe.each(ON_MACHINE)('what uninstall leaves, %s', (kind) => {
  test('data, secrets and journal stay, and no pid file of a server that is gone', async () => {
    const rig = createRig(kind);
    await rig.apply();
    await rig.uninstall(rig.host.reborn());
    expect(belowHome(rig)).toEqual(
      expect.arrayContaining([`${HOME}/data`, `${HOME}/secrets`, `${HOME}/state/journal.ndjson`]),
    );
    expect(rig.tree.has(`${HOME}/state/server.pid`)).toBe(false);
  });

  test('with --delete-data nothing is left, and a second time nothing is installed', async () => {
    const rig = createRig(kind);
    await rig.apply();
    const taken = await rig.uninstall(rig.host.reborn(), WITH_DATA);
    expect(taken).toEqual({ foreign: [], homeStays: false });
    expect(belowHome(rig)).toEqual([]);
    const again = rig.host.reborn();
    await expect(rig.uninstall(again, WITH_DATA)).rejects.toMatchObject({ exit: 'notInstalled' });
    expect(again.recording.effects).toEqual([]);
  });

  test('data that an uninstall left can be deleted later', async () => {
    const rig = createRig(kind);
    await rig.apply();
    await rig.uninstall(rig.host.reborn());
    await rig.uninstall(rig.host.reborn(), WITH_DATA);
    expect(belowHome(rig)).toEqual([]);
  });

  test('what was never the appliance’s stays and is named', async () => {
    const rig = createRig(kind);
    put(rig, `${HOME}/photos/one.jpg`);
    put(rig, `${HOME}/appliance.yaml`);
    await rig.apply();
    const host = rig.host.reborn();
    const parts = { runtime: await rig.runtime(host), home: HOME, ...WITH_DATA };
    const foreign = ['appliance.yaml', 'photos'];
    expect(await planTakeAway(host, parts)).toMatchObject({ foreign, homeStays: true });
    expect(await rig.uninstall(host, WITH_DATA)).toEqual({ foreign, homeStays: true });
    expect(belowHome(rig).toSorted()).toEqual(
      ['', '/appliance.yaml', '/photos', '/photos/one.jpg'].map((path) => HOME + path),
    );
  });

  test('a folder in which nothing was ever installed is not touched, whatever its names', async () => {
    const rig = createRig(kind);
    for (const name of ['data/ledger.db', 'releases/song.flac', 'state/lost', 'thesis.tex']) {
      put(rig, `${HOME}/${name}`);
    }
    for (const deletesData of [true, false]) {
      const host = rig.host.reborn();
      const parts = { runtime: await rig.runtime(host), home: HOME, deletesData };
      const refusal = { exit: 'notInstalled', message: expect.stringContaining(HOME) };
      await expect(planTakeAway(host, parts)).rejects.toMatchObject(refusal);
      await expect(rig.uninstall(host, { deletesData })).rejects.toMatchObject(refusal);
      expect(host.recording.effects).toEqual([]);
    }
  });

  test('a deletion killed at any effect and run again leaves no data, and nothing foreign is lost', async () => {
    for (let killAt = 0; ; killAt += 1) {
      const rig = createRig(kind);
      put(rig, `${HOME}/photos/one.jpg`);
      await rig.apply();
      const wasKilled = await rig.uninstall(rig.host.reborn(killAt), WITH_DATA).then(
        () => false,
        (error: unknown) => isKill(error),
      );
      if (!wasKilled) break;
      await rig.uninstall(rig.host.reborn(), WITH_DATA).catch((error: unknown) => {
        expect(error).toMatchObject({ exit: 'notInstalled' });
      });
      expect(rig.tree.has(`${HOME}/photos/one.jpg`)).toBe(true);
      const left = belowHome(rig).filter((path) => !path.startsWith(`${HOME}/photos`));
      // Killed after the journal went: nothing tells any more that the empty state folder was ours.
      const empty = [HOME, `${HOME}/state`, `${HOME}/state/lock`];
      expect(empty).toEqual(expect.arrayContaining(left));
    }
  });
});

function isKill(error: unknown): boolean {
  if (error instanceof Killed) return true;
  return error instanceof Error && error.cause !== undefined && isKill(error.cause);
}

describe.each(ON_MACHINE)('another run that holds the lock, %s', (kind) => {
  const verbs: readonly [string, (rig: Rig, host: Rig['host']) => Promise<unknown>][] = [
    ['apply', (rig, host) => rig.apply(host)],
    ['uninstall', (rig, host) => rig.uninstall(host)],
    ['uninstall --delete-data', (rig, host) => rig.uninstall(host, WITH_DATA)],
  ];
  test.each(verbs)('%s is refused, and has no effect', async (_, run) => {
    const rig = createRig(kind);
    await rig.apply();
    rig.want('0.2.0');
    const { pid, identity } = { pid: 4_242, identity: 'boot/4242' };
    rig.played.others.set(pid, identity);
    const owner = { pid, identity, hostname: 'recorded', since: '2026-11-21T00:00:00Z' };
    const text = `${JSON.stringify(owner)}\n`;
    rig.tree.set(`${HOME}/state/lock`, { kind: 'file', text, mode: 0o600 });
    const before = structuredClone([...rig.tree]);
    const host = rig.host.reborn();
    await expect(run(rig, host)).rejects.toMatchObject({
      exit: 'locked',
      message: expect.stringContaining('process 4242'),
    });
    expect(host.recording.effects).toEqual([]);
    expect([...rig.tree]).toEqual(before);
  });
});
