// Counts what really reaches the disk: strace on running processes and every child they start, for the two
// calls that make a file durable.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../support/until.ts';

export interface Trace {
  /** Calls so far, finished ones. */
  syncs(): number;
  stop(): Promise<void>;
}

const ATTACH_MAX_MS = 15_000;

export async function traceSyncs(pids: readonly number[]): Promise<Trace> {
  const file = join(mkdtempSync(join(tmpdir(), 'sallyport-strace-')), 'calls');
  const child = spawn(
    'strace',
    [
      '-f',
      '-q',
      '-e',
      'trace=fsync,fdatasync',
      '-e',
      'signal=none',
      '-o',
      file,
      ...pids.flatMap((pid) => ['-p', String(pid)]),
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const said: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let failed: Error | null = null;
  child.once('error', (error) => (failed = error));
  child.once('exit', (code) => {
    if (code !== 0 && code !== null)
      failed = new Error(`strace ended with ${code}: ${said.join('')}`);
  });
  await until(
    'strace to attach',
    () => {
      if (failed !== null) throw failed;
      return pids.every((pid) => isTraced(pid));
    },
    ATTACH_MAX_MS,
  );
  return {
    syncs: () => countCalls(readFileSync(file, 'utf8')),
    stop: async () => {
      child.kill('SIGINT');
      await ended;
    },
  };
}

/** A call that was interrupted in the log is finished by its `resumed` line. */
function countCalls(log: string): number {
  return log
    .split('\n')
    .filter((line) => /\bf(data)?sync\(\d+\)\s+= 0|<\.\.\. f(data)?sync resumed>.*= 0/.test(line))
    .length;
}

function isTraced(pid: number): boolean {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return !/^TracerPid:\t0$/m.test(status);
}
