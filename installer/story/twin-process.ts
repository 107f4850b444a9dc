// A simulated provider as a process of its own, on the ports that appliance.yaml names. Stopped when the
// story is told. Its secrets go by its command line: they are simulated as well.

import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { TwinAddress } from './environment.ts';

export interface TwinProcess extends TwinAddress {
  stop(): Promise<void>;
}

export interface TwinParts {
  name: 'stripe' | 'veriff';
  /** Where simulators/ lies. */
  root: string;
  workDir: string;
  host: string;
  port: number;
  controlPort: number;
  flags: readonly string[];
}

const READY_LIMIT_MS = 60_000;

export async function startTwin(parts: TwinParts): Promise<TwinProcess> {
  const { name, root, workDir } = parts;
  const database = join(workDir, `${name}-twin.db`);
  const logFile = join(workDir, `${name}-twin.log`);
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(
    process.execPath,
    [
      join(root, 'simulators', name, 'main.ts'),
      ...['--api-host', parts.host, '--port', String(parts.port)],
      ...['--control-port', String(parts.controlPort), '--database', database],
      ...parts.flags,
    ],
    { stdio: ['ignore', 'pipe', log] },
  );
  closeSync(log);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const { api, control } = await firstLine(child, ended, { name, logFile });
  return {
    api,
    control,
    database,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function firstLine(
  child: ChildProcess,
  ended: Promise<void>,
  { name, logFile }: { name: string; logFile: string },
): Promise<{ api: string; control: string }> {
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-3).join('\n');
      reject(new Error(`The ${name} twin ${what}: ${tail}`));
    };
    const timer = setTimeout(() => fail(`was not ready in ${READY_LIMIT_MS} ms`), READY_LIMIT_MS);
    void ended.then(() => fail('ended before it was ready'));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (!line.startsWith('{"twin"')) return;
      clearTimeout(timer);
      resolve(JSON.parse(line) as { api: string; control: string });
    });
  });
}
