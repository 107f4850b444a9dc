// A disk as slow as wanted: the server's process runs under strace, which holds back each return of fsync
// and fdatasync. A filter in the kernel lets every other call pass without a stop, so that being watched
// costs next to nothing (the first two rows of the table show what).

import { join } from 'node:path';

export interface Disk {
  /** Null: not watched at all. */
  delayMs: number | null;
  name: string;
}

export const disks = (delaysMs: readonly number[]): Disk[] => [
  { delayMs: null, name: 'as it is' },
  ...delaysMs.map((delayMs) => ({ delayMs, name: delayMs === 0 ? 'watched' : `+${delayMs} ms` })),
];

export const syncLog = (folder: string, delayMs: number): string =>
  join(folder, `syncs-${delayMs}.log`);

/** What to run in place of `node ARGS`; the process started is node in both cases (`-D`). */
export function commandOn(
  folder: string,
  { delayMs }: Disk,
  args: readonly string[],
): { command: string; args: string[] } {
  if (delayMs === null) return { command: process.execPath, args: [...args] };
  const calls = 'fsync,fdatasync';
  const slow = delayMs === 0 ? [] : ['-e', `inject=${calls}:delay_exit=${delayMs * 1_000}`];
  const format = ['-D', '-f', '-q', '-y', '-ttt', '-T', '--seccomp-bpf', '-e', 'signal=none'];
  const traced = [...format, '-e', `trace=${calls}`, ...slow, '-o', syncLog(folder, delayMs)];
  return { command: 'strace', args: [...traced, process.execPath, ...args] };
}
