// Starts a provider twin as a real process and waits for its ready line. Its file is its only memory,
// so `kill` followed by a spawn with the same database and ports is a crash and a restart.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Twin = {
  api: string;
  control: string;
  database: string;
  pid: number;
  /** Everything it logged so far. */
  log(): string;
  /** SIGTERM, and its exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL. */
  kill(): Promise<void>;
  /** One call of the control API; an answer that is not 2xx throws. */
  ask(method: string, path: string, body?: unknown): Promise<unknown>;
};

/** Part of a fault rule: the line is cut right after it fired. */
// oxlint-disable-next-line no-thenable -- a rule is data and never awaited
export const THEN_CUT = { then: 'cut' } as const;

const READY_MAX_MS = 15_000;

export async function spawnTwin(
  kind: 'stripe' | 'veriff',
  flags: Record<string, string> = {},
): Promise<Twin> {
  const database =
    flags['database'] ?? join(mkdtempSync(join(tmpdir(), `twin-${kind}-`)), 'twin.sqlite');
  const main = fileURLToPath(new URL(`../../simulators/${kind}/main.ts`, import.meta.url));
  const all = { port: '0', 'control-port': '0', ...flags, database };
  const argv = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(process.execPath, [main, ...argv, '--end-with-stdin'], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const log: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
  const ended = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => resolve(code)),
  );
  const { api, control } = await readyLine(child, log);
  // A test that fails before `stop` must not keep its process alive; the twin then ends with its stdin.
  child.unref();
  for (const pipe of [child.stdin, child.stdout, child.stderr]) (pipe as Socket).unref();
  return {
    api,
    control,
    database,
    pid: child.pid ?? -1,
    log: () => log.join(''),
    stop: () => end(child, 'SIGTERM', ended),
    kill: async () => void (await end(child, 'SIGKILL', ended)),
    ask: (method, path, body) => askControl(`${control}${path}`, method, body),
  };
}

function readyLine(child: ChildProcess, log: string[]): Promise<{ api: string; control: string }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail('was not ready in time'), READY_MAX_MS);
    const fail = (why: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`the twin ${why}: ${log.join('')}`));
    };
    const early = (code: number | null) => fail(`ended with ${code}`);
    child.once('exit', early);
    if (child.stdout === null) return fail('has no output');
    createInterface({ input: child.stdout }).once('line', (line) => {
      clearTimeout(timer);
      child.removeListener('exit', early);
      resolve(JSON.parse(line) as { api: string; control: string });
    });
  });
}

function end(
  child: ChildProcess,
  signal: 'SIGTERM' | 'SIGKILL',
  ended: Promise<number | null>,
): Promise<number | null> {
  child.ref();
  if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  return ended;
}

async function askControl(url: string, method: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${url}: ${response.status} ${text}`);
  return JSON.parse(text);
}
