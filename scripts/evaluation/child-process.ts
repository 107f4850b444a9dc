// One child process of the evaluation appliance: started, watched until it says it is ready, stopped by
// its own handle. What it writes goes to a log file; a child that ends early is reported with its tail.

import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export interface ChildOptions {
  name: string;
  /** Arguments to node: the script and its own arguments. */
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  logFile: string;
}

export interface Child {
  name: string;
  pid: number;
  /** The first line on standard output that is a JSON object with this key. */
  firstLineWith(key: string, timeoutMs: number): Promise<Record<string, unknown>>;
  /** Resolves when the process has ended. */
  ended: Promise<number | null>;
  stop(graceMs: number): Promise<void>;
}

export function startChild(options: ChildOptions): Child {
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  const process_ = spawn(process.execPath, [...options.args], {
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const seen: Record<string, unknown>[] = [];
  const listeners = new Set<() => void>();
  createInterface({ input: process_.stdout }).on('line', (line) => {
    log.write(`${line}\n`);
    const parsed = parseObject(line);
    if (parsed === null || seen.length > 100) return;
    seen.push(parsed);
    for (const listen of listeners) listen();
  });
  process_.stderr.on('data', (chunk: Buffer) => log.write(chunk));
  const ended = new Promise<number | null>((resolve) => process_.once('exit', resolve));
  return {
    name: options.name,
    pid: process_.pid ?? -1,
    ended,
    firstLineWith: (key, timeoutMs) =>
      waitForLine({ key, timeoutMs, seen, listeners, ended, options }),
    stop: (graceMs) => stopProcess(process_, ended, graceMs),
  };
}

interface LineWait {
  key: string;
  timeoutMs: number;
  seen: readonly Record<string, unknown>[];
  listeners: Set<() => void>;
  ended: Promise<number | null>;
  options: ChildOptions;
}

function waitForLine(wait: LineWait): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void): void => {
      clearTimeout(timer);
      wait.listeners.delete(look);
      act();
    };
    const look = (): void => {
      const line = wait.seen.find((candidate) => wait.key in candidate);
      if (line !== undefined) finish(() => resolve(line));
    };
    const timer = setTimeout(
      () => finish(() => reject(failure(wait.options, `was not ready in ${wait.timeoutMs} ms`))),
      wait.timeoutMs,
    );
    wait.listeners.add(look);
    void wait.ended.then((code) =>
      finish(() => reject(failure(wait.options, `ended with code ${code} before it was ready`))),
    );
    look();
  });
}

function failure(options: ChildOptions, what: string): Error {
  const tail = readFileSync(options.logFile, 'utf8').split('\n').slice(-15).join('\n');
  return new Error(`${options.name} ${what}. The end of ${options.logFile}:\n${tail}`);
}

async function stopProcess(
  child: ChildProcess,
  ended: Promise<number | null>,
  graceMs: number,
): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await ended;
  clearTimeout(timer);
}

function parseObject(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    // A log line that only looks like JSON is not what we wait for.
    return null;
  }
}
