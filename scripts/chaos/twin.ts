// A provider twin under the rehearsal's hand: always on the same ports and file, so that a kill and a
// start are a crash and a return. Faults and the pages of its people go over its control API and its API.

import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import type { FaultRule } from './fault-mix.ts';

export interface Twin {
  name: 'stripe' | 'veriff';
  api: string;
  database: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
  addFaults(rules: readonly FaultRule[]): Promise<void>;
  clearFaults(): Promise<void>;
  setWebhook(url: string, secret: string): Promise<void>;
  state(): Promise<Record<string, unknown>>;
}

export interface TwinOptions {
  root: string;
  folder: string;
  name: 'stripe' | 'veriff';
  ports: { api: number; control: number };
  flags: Readonly<Record<string, string>>;
}

const READY_MS = 20_000;

export function createTwin(options: TwinOptions): Twin {
  const { root, folder, name, ports } = options;
  const database = join(folder, `${name}-twin.db`);
  const flags = { ...options.flags, port: ports.api, 'control-port': ports.control, database };
  const args = [
    join(root, 'simulators', name, 'main.ts'),
    '--end-with-stdin',
    ...Object.entries(flags).flatMap(([flag, value]) => [`--${flag}`, String(value)]),
  ];
  let child: Child | null = null;
  const control = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const response = await fetch(`http://127.0.0.1:${ports.control}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${name} twin: ${method} ${path} → ${text}`);
    return JSON.parse(text);
  };
  return {
    name,
    api: `http://127.0.0.1:${ports.api}`,
    database,
    start: async () => {
      child = startChild({ name, args, logFile: join(folder, `${name}-twin.log`) });
      await child.line((line) => line['twin'] === name, 'ready', READY_MS);
    },
    kill: async () => child?.kill(),
    stop: async () => child?.stop(5_000),
    addFaults: async (rules) => {
      for (const rule of rules) await control('POST', '/faults', rule);
    },
    clearFaults: async () => void (await control('DELETE', '/faults')),
    setWebhook: async (url, secret) => void (await control('PUT', '/webhook', { url, secret })),
    state: async () => (await control('GET', '/state')) as Record<string, unknown>,
  };
}
