// Runs one twin as a process: flags, database, both listeners, one ready line on stdout, and a clean
// end on SIGTERM. Wrong flags end it with 2, anything else that fails at start with 1.

import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createApiServer, type TwinApi } from './api-listener.ts';
import { type Clock, createClock } from './clock.ts';
import { createControlServer } from './control-listener.ts';
import { type Database, openDatabase, readDurability } from './database.ts';
import { createFaults } from './faults.ts';
import { COMMON_FLAGS, FlagError, type Flags, type FlagTable, parseFlags, usage } from './flags.ts';
import { createLog, type Log } from './log.ts';
import { createWan } from './wan.ts';
import { createWebhooks, type Webhooks, type WebhookStyle } from './webhooks.ts';

export type TwinParts = {
  db: Database;
  clock: Clock;
  webhooks: Webhooks;
  flags: Flags;
  log: Log;
  /** Where browsers and the appliance reach this twin; known once it listens. */
  baseUrl(): string;
};

export type Provider = TwinApi & {
  /** Does what falls due by itself: expiries, late refunds. Called about once a second. */
  sweep(): void;
  counts(): Record<string, unknown>;
};

export type TwinDefinition = {
  name: string;
  flags: FlagTable;
  tables: string;
  bodyMaxBytes: number;
  webhookStyle(flags: Flags): WebhookStyle;
  webhookSecret(flags: Flags): string | undefined;
  create(parts: TwinParts): Provider;
};

const SWEEP_EVERY_MS = 1000;

export async function runTwin(definition: TwinDefinition, argv: string[]): Promise<void> {
  const table = { ...COMMON_FLAGS, ...definition.flags };
  const flags = flagsOrEnd(definition.name, table, argv);
  try {
    await start(definition, flags);
  } catch (error) {
    process.stderr.write(`${definition.name} twin did not start: ${(error as Error).message}\n`);
    process.exit(error instanceof FlagError ? 2 : 1);
  }
}

function flagsOrEnd(name: string, table: FlagTable, argv: string[]): Flags {
  try {
    const flags = parseFlags(argv, table);
    if (!flags.isOn('help')) return flags;
    process.stdout.write(usage(name, table));
    process.exit(0);
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    process.stderr.write(`${error.message}\n\n${usage(name, table)}`);
    process.exit(2);
  }
}

async function start(definition: TwinDefinition, flags: Flags): Promise<void> {
  const { name } = definition;
  const secret = definition.webhookSecret(flags);
  const log = createLog(name);
  const db = openDatabase(flags.required('database'), definition.tables);
  const clock = createClock(db);
  const wan = createWan(db);
  const faults = createFaults(db);
  const style = definition.webhookStyle(flags);
  const webhooks = createWebhooks({ db, clock, wan, faults, style, log });
  let baseUrl = flags.text('public-url')?.replace(/\/+$/, '') ?? '';
  const api = definition.create({ db, clock, webhooks, flags, log, baseUrl: () => baseUrl });
  const describe = () => ({
    twin: name,
    counts: api.counts(),
    wan: wan.state(),
    clock: { now_ms: clock.nowMs(), offset_ms: clock.offsetMs() },
    faults: faults.list(),
    webhooks: webhooks.summary(),
    durability: readDurability(db),
  });

  const { bodyMaxBytes } = definition;
  const apiServer = createApiServer({ api, wan, faults, log, bodyMaxBytes });
  const controlServer = createControlServer({ clock, wan, faults, webhooks, describe });
  const host = flags.required('api-host');
  const apiUrl = await listen(apiServer, flags.port('port'), host);
  const controlUrl = await listen(controlServer, flags.port('control-port'), '127.0.0.1');
  if (baseUrl === '') baseUrl = apiUrl;

  const url = flags.text('webhook-url');
  webhooks.configure({ url, secret });
  clock.onChange(() => api.sweep());
  const sweeper = setInterval(() => api.sweep(), SWEEP_EVERY_MS);
  endOnSignal(flags, async () => {
    clearInterval(sweeper);
    await Promise.all([webhooks.stop(), close(apiServer), close(controlServer)]);
    db.close();
  });
  process.stdout.write(`${JSON.stringify({ twin: name, api: apiUrl, control: controlUrl })}\n`);
  webhooks.wake();
}

function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      const bound = server.address() as AddressInfo;
      const shown = bound.family === 'IPv6' ? `[${bound.address}]` : bound.address;
      resolve(`http://${shown}:${bound.port}`);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function endOnSignal(flags: Flags, end: () => Promise<void>): void {
  let isEnding = false;
  const endOnce = () => {
    if (isEnding) return;
    isEnding = true;
    void end().then(() => process.exit(0));
  };
  process.on('SIGTERM', endOnce);
  process.on('SIGINT', endOnce);
  if (flags.isOn('end-with-stdin')) process.stdin.on('close', endOnce).resume();
}
