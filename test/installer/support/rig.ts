// One install on a played machine: an appliance.yaml on the real disk (reading it is no effect), everything
// else in memory.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readApplianceFile } from '../../../installer/appliance-file/read.ts';
import { type Outcome, undertake } from '../../../installer/engine/apply.ts';
import type { MemoryTree } from '../../../installer/host/memory-files.ts';
import { recordingHost, type RecordingHost } from '../../../installer/host/recording-host.ts';
import { createRuntime } from '../../../installer/runtimes/create-runtime.ts';
import type { Runtime } from '../../../installer/runtimes/runtime.ts';
import { takeAway, type TakenAway } from '../../../installer/runtimes/take-away.ts';
import { folder, type Played, playMachine, putRelease } from './played-machine.ts';

export type Kind = 'systemd' | 'pidfile' | 'container' | 'helm';

export interface Rig {
  tree: MemoryTree;
  played: Played;
  host: RecordingHost;
  /** Writes appliance.yaml for a release or image of this version. */
  want(version: string, settings?: Record<string, unknown>): void;
  apply(host?: RecordingHost): Promise<Outcome>;
  uninstall(host?: RecordingHost, parts?: { deletesData: boolean }): Promise<TakenAway>;
  runtime(host?: RecordingHost): Promise<Runtime>;
}

export const HOME = '/srv/box';

export function createRig(kind: Kind): Rig {
  const tree: MemoryTree = new Map();
  folder(tree, '/etc/systemd/system');
  const played = playMachine(tree);
  const host = recordingHost(played, tree);
  const file = join(mkdtempSync(join(tmpdir(), 'sallyport-rig-')), 'appliance.yaml');
  for (const version of ['0.1.0', '0.2.0']) putRelease(tree, `/media/${version}`, version);
  folder(tree, '/charts/sallyport');
  tree.set('/charts/sallyport/Chart.yaml', { kind: 'file', text: 'version: 0.1.0\n', mode: 0o644 });
  folder(tree, join(file, '..'));
  let wanted = '0.1.0';
  const want: Rig['want'] = (version, settings = {}) => {
    wanted = version;
    const text = JSON.stringify({
      version: 1,
      runtime: runtimeOf(kind),
      ...sectionOf(kind, version),
      config: { profile: 'single', http: { port: 18080 }, ...settings },
    });
    writeFileSync(file, text, { mode: 0o600 });
    tree.set(file, { kind: 'file', text, mode: 0o600 });
  };
  want('0.1.0');
  const runtime: Rig['runtime'] = (on = host) =>
    createRuntime(on, readApplianceFile(file), {
      releaseDir: `/media/${wanted}`,
      soakMs: 1_000,
      startLimitMs: 90_000,
    });
  const rig: Rig = {
    tree,
    played,
    host,
    want,
    runtime,
    apply: async (on = host) => {
      const { target, stateDir, steps, settle } = await runtime(on);
      const parts = { verb: 'apply', target, stateDir, steps, settle };
      return undertake(on, { ...parts, canGoBack: true, onEvent: () => undefined });
    },
    uninstall: async (on = host, { deletesData } = { deletesData: false }) => {
      const home = kind === 'helm' ? null : HOME;
      const parts = { runtime: await runtime(on), home, deletesData };
      return takeAway(on, parts, () => undefined);
    },
  };
  return rig;
}

function runtimeOf(kind: Kind): string {
  return kind === 'systemd' || kind === 'pidfile' ? 'process' : kind;
}

function sectionOf(kind: Kind, version: string): Record<string, unknown> {
  if (kind === 'container') return { container: { home: HOME, image: `sallyport:${version}` } };
  if (kind === 'helm') {
    return { helm: { chart: '/charts/sallyport', image: `sallyport:${version}` } };
  }
  return { process: { home: HOME, supervisor: kind } };
}

/**
 * Everything that must be the same after a kill and another run: files, and what is running. The journal
 * tells of the kill, and the lock of a process that is gone is no lock.
 */
export function endState({ tree, played }: Rig): unknown {
  const files = [...tree]
    .filter(
      ([path]) =>
        !/^\/(?:media|charts|tmp$)/.test(path) && !/\/(?:journal\.ndjson|lock)$/.test(path),
    )
    .map(([path, entry]): [string, unknown] => [
      path,
      path.endsWith('/server.pid') ? 'a pid' : entry,
    ])
    .toSorted(([one], [other]) => one.localeCompare(other));
  const { process, unit, containers, helm, images, inForce } = played.state;
  return {
    files,
    process: process === null ? null : process.applied,
    unit,
    images: [...images],
    containers: [...containers],
    helm,
    inForce,
  };
}
