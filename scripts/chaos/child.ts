// A process under the rehearsal's hand: started, told by its lines, killed, and started again with other
// arguments. Every process that is alive is in one set, so that none is left behind whatever happens.

import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';

export type Line = Record<string, unknown>;

export interface Child {
  pid: number;
  /** Resolves when it has ended, with its exit code (null: by a signal). */
  ended: Promise<number | null>;
  isAlive(): boolean;
  /** Writes one JSON line to its standard input; a process that is dying is not an error. */
  tell(line: Line): void;
  /** The first line from now on, or already said, that satisfies the test. */
  line(isLine: (line: Line) => boolean, what: string, timeoutMs: number): Promise<Line>;
  kill(): Promise<void>;
  stop(graceMs: number): Promise<void>;
}

export interface ChildOptions {
  name: string;
  args: readonly string[];
  env?: Readonly<Record<string, string>>;
  logFile: string;
  /** Sees every JSON line of its standard output. */
  onLine?: (line: Line) => void;
}

const alive = new Set<ChildProcess>();
const enders: (() => void)[] = [];

/** For what was not started here and must end with the rest, in a hurry as well. */
export function whenAllEnd(end: () => void): void {
  enders.push(end);
}

export function killAll(): void {
  for (const child of alive) child.kill('SIGKILL');
  for (const end of enders) end();
}

export function startChild(options: ChildOptions): Child {
  const log = createWriteStream(options.logFile, { flags: 'a', mode: 0o600 });
  const child = spawn(process.execPath, [...options.args], {
    env: { ...process.env, NODE_OPTIONS: '', ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  alive.add(child);
  // Writing to a process that was just killed fails; that it is dead is told by `ended`.
  child.stdin.on('error', () => undefined);
  const said: Line[] = [];
  const listeners = new Set<(line: Line) => void>();
  child.stderr.pipe(log, { end: false });
  createInterface({ input: child.stdout }).on('line', (text) => {
    log.write(`${text}\n`);
    const line = parseLine(text);
    if (line === null) return;
    if (said.length < KEPT_LINES) said.push(line);
    options.onLine?.(line);
    for (const listen of listeners) listen(line);
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', () => alive.delete(child));
    // Not before all that it said has been read: nobody hears of a process after it has ended.
    child.once('close', (code) => {
      log.end();
      resolve(code);
    });
  });
  const isAlive = (): boolean => child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (isAlive()) child.kill(signal);
    await ended;
  };
  return {
    pid: child.pid ?? -1,
    ended,
    isAlive,
    tell: (line) => void (isAlive() && child.stdin.write(`${JSON.stringify(line)}\n`)),
    line: (isLine, what, timeoutMs) =>
      waitForLine({ options, said, listeners, ended }, isLine, { what, timeoutMs }),
    kill: () => end('SIGKILL'),
    stop: async (graceMs) => {
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await end('SIGTERM');
      clearTimeout(timer);
    },
  };
}

/** Enough for the lines a process says when it starts. */
const KEPT_LINES = 50;

interface Heard {
  options: ChildOptions;
  said: readonly Line[];
  listeners: Set<(line: Line) => void>;
  ended: Promise<number | null>;
}

function waitForLine(
  { options, said, listeners, ended }: Heard,
  isLine: (line: Line) => boolean,
  { what, timeoutMs }: { what: string; timeoutMs: number },
): Promise<Line> {
  const earlier = said.find(isLine);
  if (earlier !== undefined) return Promise.resolve(earlier);
  return new Promise((resolve, reject) => {
    const finish = (act: () => void): void => {
      clearTimeout(timer);
      listeners.delete(look);
      act();
    };
    const look = (line: Line): void => {
      if (isLine(line)) finish(() => resolve(line));
    };
    const fail = (why: string): void =>
      finish(() => reject(new Error(`${options.name} ${why}; see ${options.logFile}`)));
    const timer = setTimeout(() => fail(`did not say "${what}" in ${timeoutMs} ms`), timeoutMs);
    listeners.add(look);
    void ended.then((code) => fail(`ended with ${code} before it said "${what}"`));
  });
}

function parseLine(text: string): Line | null {
  if (!text.startsWith('{')) return null;
  try {
    return JSON.parse(text) as Line;
  } catch {
    return null; // cut off in the middle by a kill
  }
}
