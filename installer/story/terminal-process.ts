// A simulated terminal as a process of its own, driven over its standard input and output: one JSON
// object a line. Between it and the appliance runs the real protocol over a real TLS WebSocket.

import { spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface TerminalAnswer {
  decision: 'approved' | 'refused';
  reason: string | null;
  ms: number;
  raw: Record<string, unknown>;
}

export interface TerminalProcess {
  /** Sends a command line and resolves with the first later line that satisfies the test. */
  ask(
    command: Record<string, unknown>,
    isReply: (line: Record<string, unknown>) => boolean,
  ): Promise<Record<string, unknown>>;
  waitForLine(
    isLine: (line: Record<string, unknown>) => boolean,
    what: string,
  ): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

const REPLY_TIMEOUT_MS = 30_000;

export function startTerminal(
  root: string,
  options: { store: string; args: readonly string[] },
): TerminalProcess {
  const script = join(root, 'simulators/terminal/main.ts');
  const child = spawn(process.execPath, [script, '--store', options.store, ...options.args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stderr.pipe(createWriteStream(`${options.store}.log`, { flags: 'a', mode: 0o600 }));
  const waiting = new Set<(line: Record<string, unknown>) => void>();
  createInterface({ input: child.stdout }).on('line', (text) => {
    if (!text.startsWith('{')) return;
    const line = JSON.parse(text) as Record<string, unknown>;
    for (const look of waiting) look(line);
  });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));

  const waitForLine: TerminalProcess['waitForLine'] = (isLine, what) =>
    new Promise((resolve, reject) => {
      const finish = (act: () => void): void => {
        clearTimeout(timer);
        waiting.delete(look);
        act();
      };
      const look = (line: Record<string, unknown>): void => {
        if (isLine(line)) finish(() => resolve(line));
      };
      const timer = setTimeout(
        () => finish(() => reject(new Error(`The terminal did not say: ${what}`))),
        REPLY_TIMEOUT_MS,
      );
      waiting.add(look);
      void ended.then(() => finish(() => reject(new Error(`The terminal ended before: ${what}`))));
    });

  return {
    waitForLine,
    ask: async (command, isReply) => {
      const reply = waitForLine(isReply, `a reply to ${JSON.stringify(command)}`);
      child.stdin.write(`${JSON.stringify(command)}\n`);
      return reply;
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
