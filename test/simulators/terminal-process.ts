// The simulated terminal as a process, driven by its control lines.

import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Line = Record<string, unknown>;

export interface TerminalProcess {
  tell(control: object): void;
  /** The next line with that `ev` that was not read yet. */
  next(ev: string, fits?: (line: Line) => boolean): Promise<Line>;
  lines: Line[];
  kill(signal?: NodeJS.Signals): Promise<number | null>;
  errors(): string;
}

const MAIN = fileURLToPath(new URL('../../simulators/terminal/main.ts', import.meta.url));
const NEXT_MAX_MS = 20_000;

export function spawnTerminal(store: string, flags: readonly string[] = []): TerminalProcess {
  const pace = ['--backoff-ms', '20', '--backoff-spread-ms', '30'];
  const child: ChildProcess = spawn(process.execPath, [MAIN, '--store', store, ...pace, ...flags], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const lines: Line[] = [];
  const unread: Line[] = [];
  const waiting = new Set<() => void>();
  let errors = '';
  let hasEnded = false;
  const wake = (): void => waiting.forEach((look) => look());
  if (child.stdout === null || child.stderr === null) throw new Error('the terminal has no pipes');
  child.stderr.setEncoding('utf8').on('data', (text: string) => (errors += text));
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Line;
    lines.push(line);
    unread.push(line);
    wake();
  });
  const ended = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => {
      hasEnded = true;
      resolve(code);
      wake();
    }),
  );
  return {
    lines,
    errors: () => errors,
    tell: (control) => void child.stdin?.write(`${JSON.stringify(control)}\n`),
    next: (ev, fits = () => true) =>
      new Promise((resolve, reject) => {
        const finish = (act: () => void): void => {
          clearTimeout(timer);
          waiting.delete(look);
          act();
        };
        const fail = (why: string): void =>
          finish(() => reject(new Error(`${why}, no ${ev}: ${errors} ${JSON.stringify(lines)}`)));
        const look = (): void => {
          const at = unread.findIndex((line) => line['ev'] === ev && fits(line));
          const [line] = at < 0 ? [] : unread.splice(at, 1);
          if (line !== undefined) finish(() => resolve(line));
          else if (hasEnded) fail('it ended');
        };
        const timer = setTimeout(() => fail('nothing in time'), NEXT_MAX_MS);
        waiting.add(look);
        look();
      }),
    kill: (signal = 'SIGTERM') => {
      if (!hasEnded) child.kill(signal);
      return ended;
    },
  };
}
