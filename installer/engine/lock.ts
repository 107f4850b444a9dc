// One run at a time. The lock names its owner; that of a process that is gone is taken over, that of
// another machine never (a home on a shared disk), because nobody here can tell whether it still runs.

import { ExitError } from '../exit-codes.ts';
import type { Host } from '../host/host.ts';

interface Owner {
  pid: number;
  identity: string;
  hostname: string;
  since: string;
}

export interface Lock {
  release(): Promise<void>;
}

/** @throws ExitError `locked`. */
export async function takeLock(host: Host, file: string): Promise<Lock> {
  const { files, processes } = host;
  const owner: Owner = {
    pid: processes.ownPid,
    identity: (await processes.identity(processes.ownPid)) ?? '',
    hostname: host.hostname,
    since: new Date(host.clock.nowMs()).toISOString(),
  };
  const text = `${JSON.stringify(owner)}\n`;
  if (!(await files.writeNew(file, text, 0o600))) {
    await removeStale(host, file);
    if (!(await files.writeNew(file, text, 0o600))) throw held(file, 'a run that just began');
  }
  return {
    release: async () => {
      if ((await files.read(file)) === text) await files.remove(file);
    },
  };
}

async function removeStale(host: Host, file: string): Promise<void> {
  const { files } = host;
  const text = await files.read(file);
  if (text === null) return;
  const owner = ownerOf(text);
  if (owner !== null) {
    if (owner.hostname !== host.hostname) {
      throw held(file, `process ${owner.pid} on ${owner.hostname} since ${owner.since}`);
    }
    const identity = await host.processes.identity(owner.pid);
    if (identity !== null && identity === owner.identity) {
      throw held(file, `process ${owner.pid} since ${owner.since}`);
    }
  }
  // Moved aside first and looked at again: two runs may both have found the same stale lock.
  const aside = `${file}.stale.${host.processes.ownPid}`;
  await files.rename(file, aside);
  const moved = await files.read(aside);
  if (moved !== null && moved !== text) {
    await files.writeNew(file, moved, 0o600);
    await files.remove(aside);
    throw held(file, 'another run that took it over');
  }
  await files.remove(aside);
}

function ownerOf(text: string): Owner | null {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    // Never written whole by us: nobody holds it.
    return null;
  }
}

function held(file: string, by: string): ExitError {
  return new ExitError(
    'locked',
    `Expected no other run, found ${file} held by ${by}. Wait for it, or remove the file if that process is gone.`,
  );
}
