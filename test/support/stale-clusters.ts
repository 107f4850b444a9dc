// Ends what a killed test run left behind: its Postgres outlives it. A cluster's folder is named after the
// process that made it; where that process is gone, the server is stopped (only if it is still the one that
// runs on this folder) and the folder removed.

import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PREFIX = 'sallyport-postgres-';

export function clusterFolderPrefix(): string {
  return join(tmpdir(), `${PREFIX}${process.pid}-`);
}

export function removeStaleClusters(parent: string = tmpdir()): void {
  for (const name of readdirSync(parent)) {
    const maker = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (!Number.isInteger(maker) || isRunning(maker)) continue;
    const folder = join(parent, name);
    stopServerOf(folder);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }
}

function stopServerOf(folder: string): void {
  const pid = Number(readOrNothing(join(folder, 'data/postmaster.pid')).split('\n')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return;
  // Another process may have the number by now.
  if (!readOrNothing(`/proc/${pid}/cmdline`).includes(folder)) return;
  // SIGQUIT: at once, without waiting for clients. Its data is thrown away anyway.
  process.kill(pid, 'SIGQUIT');
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // It runs and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // Not there, or not ours to read: nothing is known about it.
    return '';
  }
}
