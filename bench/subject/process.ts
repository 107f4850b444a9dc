// Processes that are measured, ours and peers: started with the same Node and the same flags, so that only
// what they do differs. Where the machine allows it, each is told to count.

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Child, type Line, startChild } from '../../scripts/chaos/child.ts';
import { COUNTS_FILE, KEEP_STATEMENTS } from '../counting/count-calls.ts';

export interface Started {
  child: Child;
  pid: number;
  ready: Line;
  countsFile: string;
  stop(): Promise<void>;
}

export interface StartOptions {
  root: string;
  folder: string;
  name: string;
  script: string;
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
  /** Counted processes are slower: not for timed rounds. */
  counts?: 'calls' | 'statements';
  nodeFlags?: readonly string[];
  onLine?: (line: Line) => void;
}

const READY_MS = 180_000;
const STOP_MS = 20_000;

export async function startProcess(options: StartOptions): Promise<Started> {
  const { root, folder, name, counts } = options;
  const countsFile = join(folder, `${name}.counts`);
  const plugin = pathToFileURL(join(root, 'bench/counting/count-calls.ts')).href;
  const child = startChild({
    name,
    args: [
      ...(counts === undefined ? [] : ['--import', plugin]),
      ...(options.nodeFlags ?? []),
      join(root, options.script),
      ...(options.args ?? []),
    ],
    env: {
      ...options.env,
      ...(counts === undefined ? {} : { [COUNTS_FILE]: countsFile }),
      ...(counts === 'statements' ? { [KEEP_STATEMENTS]: '1' } : {}),
    },
    logFile: join(folder, `${name}.log`),
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
  });
  const ready = await child.line((line) => line['ready'] === true, 'ready', READY_MS);
  return { child, pid: child.pid, ready, countsFile, stop: () => child.stop(STOP_MS) };
}
