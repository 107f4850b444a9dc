// A whole appliance as processes of their own: both provider twins and the server, on free ports, with a
// data folder and the test's own database. Stopped by their handles; `kill` is kill -9 of the server.

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { StoryEnvironment, VerifierDatabase } from '../../installer/story/environment.ts';
import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import { spawnTwin, type Twin } from './spawn-twin.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface SpawnedServer {
  api: string;
  gateway: string;
  pid: number;
  log(): string;
  isRunning(): boolean;
  stop(): Promise<number | null>;
  kill(): Promise<void>;
}

export interface SpawnedAppliance {
  dataDir: string;
  server: SpawnedServer;
  stripe: Twin;
  veriff: Twin;
  apiKey: string;
  environment: StoryEnvironment;
  stop(): Promise<void>;
}

export interface ApplianceOptions {
  database: DatabaseSettings;
  /** More settings for the server, as environment variables; undefined takes one of ours away. */
  env?: Readonly<Record<string, string | undefined>>;
  population?: number;
}

const READY_MAX_MS = 60_000;
const SECRETS = {
  stripeKey: 'sk_test_appliance',
  stripeWebhook: 'whsec_appliance',
  veriffKey: 'veriff-api-key',
  veriffSecret: 'veriff-shared-secret',
};

export async function spawnAppliance(options: ApplianceOptions): Promise<SpawnedAppliance> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-appliance-'));
  const stripe = await spawnTwin('stripe', { 'secret-key': SECRETS.stripeKey });
  const veriff = await spawnTwin('veriff', {
    'api-key': SECRETS.veriffKey,
    'shared-secret': SECRETS.veriffSecret,
  });
  const env = {
    ...serverEnvironment(options.database, { dataDir, stripe, veriff }),
    ...options.env,
  };
  const server = await spawnServer(env);
  const apiKeyFile = join(dataDir, 'bootstrap-api-key');
  const apiKey = readFileSync(apiKeyFile, 'utf8').trim();
  await connectWebhooks(server.api, apiKey, { stripe, veriff });
  return {
    dataDir,
    server,
    stripe,
    veriff,
    apiKey,
    environment: {
      api: server.api,
      apiKeyFile,
      workDir: join(dataDir, 'story'),
      twins: { stripe: addressOf(stripe), veriff: addressOf(veriff) },
      database: verifierDatabase(options.database, dataDir),
      population: options.population ?? 1_000,
    },
    stop: async () => {
      await server.stop();
      await Promise.all([stripe.stop(), veriff.stop()]);
    },
  };
}

export function serverEnvironment(
  database: DatabaseSettings,
  at: { dataDir: string; stripe: Twin; veriff: Twin },
): Record<string, string> {
  return {
    SALLYPORT_PROFILE: 'evaluation',
    SALLYPORT_DATA_DIR: at.dataDir,
    SALLYPORT_HTTP_PORT: '0',
    SALLYPORT_HTTP_PUBLIC_URL: 'http://127.0.0.1:1',
    SALLYPORT_GATEWAY_PORT: '0',
    SALLYPORT_PROVIDERS_STRIPE_ENABLED: 'true',
    SALLYPORT_PROVIDERS_STRIPE_BASE_URL: at.stripe.api,
    SALLYPORT_PROVIDERS_STRIPE_SECRET_KEY: SECRETS.stripeKey,
    SALLYPORT_PROVIDERS_STRIPE_WEBHOOK_SECRETS: SECRETS.stripeWebhook,
    SALLYPORT_PROVIDERS_VERIFF_ENABLED: 'true',
    SALLYPORT_PROVIDERS_VERIFF_BASE_URL: at.veriff.api,
    SALLYPORT_PROVIDERS_VERIFF_API_KEY: SECRETS.veriffKey,
    SALLYPORT_PROVIDERS_VERIFF_SHARED_SECRET: SECRETS.veriffSecret,
    ...databaseEnvironment(database),
  };
}

export async function spawnServer(
  env: Readonly<Record<string, string | undefined>>,
): Promise<SpawnedServer> {
  const child = spawn(process.execPath, [join(ROOT, 'server/main.ts')], {
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => log.push(chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const ready = await readyLine(child, log);
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return ended;
  };
  return {
    api: String(ready['api']),
    gateway: String(ready['gateway']),
    pid: child.pid ?? -1,
    log: () => log.join(''),
    isRunning: () => child.exitCode === null && child.signalCode === null,
    stop: () => end('SIGTERM'),
    kill: async () => void (await end('SIGKILL')),
  };
}

function readyLine(child: ChildProcess, log: string[]): Promise<Record<string, unknown>> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => fail('was not ready in time'), READY_MAX_MS);
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`The server ${why}:\n${log.join('')}`));
    };
    const early = (code: number | null): void => fail(`ended with ${code}`);
    child.once('exit', early);
    if (child.stdout === null) return fail('has no output');
    createInterface({ input: child.stdout }).on('line', (line) => {
      log.push(`${line}\n`);
      if (!line.startsWith('{"ready"')) return;
      clearTimeout(timer);
      child.removeListener('exit', early);
      resolve(JSON.parse(line) as Record<string, unknown>);
    });
  });
}

function addressOf({ api, control, database }: Twin): StoryEnvironment['twins']['stripe'] {
  return { api, control, database };
}

async function connectWebhooks(
  api: string,
  apiKey: string,
  twins: { stripe: Twin; veriff: Twin },
): Promise<void> {
  const response = await fetch(`${api}/v1/provider-accounts`, {
    headers: { authorization: `Bearer ${apiKey}` },
  });
  const page = (await response.json()) as {
    data: { provider: 'stripe' | 'veriff'; webhook_path: string }[];
  };
  for (const { provider, webhook_path: path } of page.data) {
    const secret = provider === 'stripe' ? SECRETS.stripeWebhook : SECRETS.veriffSecret;
    await twins[provider].ask('PUT', '/webhook', { url: `${api}${path}`, secret });
  }
}

function databaseEnvironment(database: DatabaseSettings): Record<string, string> {
  if (database.kind === 'sqlite') {
    return { SALLYPORT_DATABASE_KIND: 'sqlite', SALLYPORT_DATABASE_SQLITE_FILE: database.file };
  }
  return {
    SALLYPORT_DATABASE_KIND: 'postgres',
    SALLYPORT_DATABASE_POSTGRES_HOST: database.host,
    SALLYPORT_DATABASE_POSTGRES_PORT: String(database.port),
    SALLYPORT_DATABASE_POSTGRES_NAME: database.database,
    SALLYPORT_DATABASE_POSTGRES_APP_USER: database.app.user,
    SALLYPORT_DATABASE_POSTGRES_APP_PASSWORD: database.app.password,
    SALLYPORT_DATABASE_POSTGRES_ENGINE_USER: database.engine.user,
    SALLYPORT_DATABASE_POSTGRES_ENGINE_PASSWORD: database.engine.password,
    SALLYPORT_DATABASE_POSTGRES_TLS_MODE: 'disable',
  };
}

function verifierDatabase(database: DatabaseSettings, dataDir: string): VerifierDatabase {
  if (database.kind === 'sqlite') return { kind: 'sqlite', file: database.file };
  const passwordFile = join(dataDir, 'app-password');
  writeFileSync(passwordFile, database.app.password, { mode: 0o600 });
  const { host, port, database: name, app } = database;
  return { kind: 'postgres', host, port, name, user: app.user, passwordFile };
}
