// The appliance's process under the rehearsal's hand: always on the same ports and data. It can be told
// to stand still at a fault point, which is then the moment it is killed.

import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import type { Kill } from './plan.ts';
import { DEADLINE_MS } from './terminal.ts';

export interface ServerProcess {
  api: string;
  start(): Promise<void>;
  /** Says where to stand still; what was said before is forgotten. */
  arm(id: string, kill: Extract<Kill, { victim: 'server' }>): void;
  /** What the process says where it stands, or null while it does not stand there. */
  reached(id: string): { about: readonly string[] } | null;
  disarm(): void;
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when it ended although nobody killed it. */
  isAlive(): boolean;
}

export interface ServerOptions {
  root: string;
  folder: string;
  main: string;
  port: number;
  env: Readonly<Record<string, string>>;
}

const READY_MS = 60_000;

export function createServer({ root, folder, main, port, env }: ServerOptions): ServerProcess {
  const armFile = join(folder, 'fault-point');
  const reachedFile = `${armFile}.reached`;
  let child: Child | null = null;
  const disarm = (): void => {
    rmSync(armFile, { force: true });
    rmSync(reachedFile, { force: true });
  };
  return {
    api: `http://127.0.0.1:${port}`,
    start: async () => {
      disarm();
      child = startChild({
        name: 'server',
        args: [join(root, main), 'all'],
        env: { ...env, SALLYPORT_DRILL_FAULT_POINTS: armFile },
        logFile: join(folder, 'server.log'),
      });
      await child.line((line) => line['ready'] === true, 'ready', READY_MS);
    },
    arm: (id, kill) => {
      disarm();
      const { window, touching } = kill;
      if (window === null) return;
      const arm = { id, point: window, skip: kill.skip, ...(touching ? { touching } : {}) };
      writeFileSync(`${armFile}.new`, JSON.stringify(arm));
      renameSync(`${armFile}.new`, armFile);
    },
    reached: (id) => {
      if (!existsSync(reachedFile)) return null;
      const said = JSON.parse(readFileSync(reachedFile, 'utf8')) as { id: string; about: string[] };
      return said.id === id ? said : null;
    },
    disarm,
    kill: async () => {
      await child?.kill();
      disarm();
    },
    stop: async () => child?.stop(20_000),
    isAlive: () => child?.isAlive() ?? false,
  };
}

/** Patient enough for a busy machine, impatient enough that every fault bites within the rehearsal. */
export const PATIENCE_MS = 400;

export function serverEnvironment(at: {
  folder: string;
  ports: { http: number; gateway: number };
  stripe: { api: string; key: string; webhookSecret: string };
  veriff: { api: string; key: string; secret: string };
}): Record<string, string> {
  const settings: Record<string, string | number | boolean> = {
    PROFILE: 'drill',
    DATA_DIR: join(at.folder, 'data'),
    LOG_LEVEL: 'info',
    HTTP_PORT: at.ports.http,
    HTTP_PUBLIC_URL: `http://127.0.0.1:${at.ports.http}`,
    GATEWAY_PORT: at.ports.gateway,
    GATEWAY_DECIDE_DEADLINE_MS_MAX: DEADLINE_MS,
    PROVIDERS_STRIPE_ENABLED: true,
    PROVIDERS_STRIPE_BASE_URL: at.stripe.api,
    PROVIDERS_STRIPE_SECRET_KEY: at.stripe.key,
    PROVIDERS_STRIPE_WEBHOOK_SECRETS: at.stripe.webhookSecret,
    PROVIDERS_STRIPE_TIMEOUT_MS: PATIENCE_MS,
    PROVIDERS_STRIPE_CONNECT_TIMEOUT_MS: 300,
    // Few, so that work piles up behind every fault and is there when the next kill comes.
    PROVIDERS_STRIPE_CONNECTIONS: 4,
    PROVIDERS_STRIPE_POLL_MS: 1_000,
    PROVIDERS_VERIFF_ENABLED: true,
    PROVIDERS_VERIFF_BASE_URL: at.veriff.api,
    PROVIDERS_VERIFF_API_KEY: at.veriff.key,
    PROVIDERS_VERIFF_SHARED_SECRET: at.veriff.secret,
    PROVIDERS_VERIFF_TIMEOUT_MS: PATIENCE_MS,
    PROVIDERS_VERIFF_CONNECT_TIMEOUT_MS: 300,
    PROVIDERS_VERIFF_POLL_MS: 1_000,
    // A dead worker's shards are free again this soon.
    OUTBOX_LEASE_MS: 1_000,
    OUTBOX_RENEW_MS: 250,
    OUTBOX_POLL_MS: 100,
    OUTBOX_BACKOFF_BASE_MS: 100,
    OUTBOX_BACKOFF_CAP_MS: 1_000,
    // Nothing may give up merely because the rehearsal is rougher than a year.
    OUTBOX_ATTEMPTS_MAX: 1_000,
    OUTBOX_BREAKER_FAILURES: 6,
    OUTBOX_BREAKER_OPEN_MS: 200,
    OUTBOX_BREAKER_OPEN_MS_MAX: 1_000,
    PAYMENTS_UNKNOWN_LOOKUP_DELAY_MS: 50,
    // Several times longer than the twin needs for what it does late.
    PAYMENTS_UNKNOWN_ABSENT_AFTER_MS: 10_000,
    PAYMENTS_ONLINE_LIMIT_PERSON_OPEN_MINOR: 100_000_000,
    PAYMENTS_OFFLINE_LIMIT_PERSON_OPEN_MINOR: 100_000_000,
    PAYMENTS_OFFLINE_LIMIT_PERSON_DAY_MINOR: 100_000_000,
    PAYMENTS_OFFLINE_LIMIT_TERMINAL_OPEN_MINOR: 100_000_000,
    PAYMENTS_OFFLINE_LIMIT_SITE_OPEN_MINOR: 100_000_000,
  };
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`SALLYPORT_${name}`, String(value)]),
  );
}
