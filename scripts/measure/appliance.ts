// The appliance that is measured: the real server in the evaluation profile, on the same data each time,
// with both provider twins beside it. The server alone has the slow disk.

import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApiClient, type ApiClient } from '../../installer/story/api-client.ts';
import { freePort } from '../chaos/free-port.ts';
import { createTwin, type Twin } from '../chaos/twin.ts';
import { until } from '../chaos/wait.ts';
import { commandOn, type Disk } from './disk.ts';

export interface Appliance {
  api: string;
  start(disk: Disk): Promise<void>;
  stop(): Promise<void>;
  client(): ApiClient;
  apiKey(): string;
  close(): Promise<void>;
}

const READY_MS = 60_000;
const STOP_MS = 20_000;
const SECRETS = {
  stripe: { key: 'sk_test_measure', webhook: 'whsec_measure' },
  veriff: { key: 'measure-api-key', secret: 'measure-shared-secret' },
};

export async function openAppliance(root: string, folder: string): Promise<Appliance> {
  const { stripe, veriff } = SECRETS;
  const twin = async (name: 'stripe' | 'veriff', flags: Record<string, string>): Promise<Twin> => {
    const ports = { api: await freePort(), control: await freePort() };
    const made = createTwin({ root, folder, name, ports, flags });
    await made.start();
    return made;
  };
  const twins = {
    stripe: await twin('stripe', { 'secret-key': stripe.key }),
    veriff: await twin('veriff', { 'api-key': veriff.key, 'shared-secret': veriff.secret }),
  };
  const httpPort = await freePort();
  const api = `http://127.0.0.1:${httpPort}`;
  const env = environment({ folder, httpPort, gatewayPort: await freePort(), twins });
  const apiKey = (): string => readFileSync(join(folder, 'bootstrap-api-key'), 'utf8').trim();
  const client = (): ApiClient => createApiClient(api, apiKey());
  let server: ChildProcess | null = null;
  const stop = async (): Promise<void> => {
    if (server !== null) await end(server);
    server = null;
  };
  return {
    api,
    apiKey,
    client,
    start: async (disk) => {
      server = await startServer({ root, folder, api, env, disk });
      await connectWebhooks(client(), api, twins);
    },
    stop,
    close: async () => {
      await stop();
      await twins.stripe.stop();
      await twins.veriff.stop();
    },
  };
}

function environment(at: {
  folder: string;
  httpPort: number;
  gatewayPort: number;
  twins: { stripe: Twin; veriff: Twin };
}): Record<string, string> {
  const settings: Record<string, string | number | boolean> = {
    PROFILE: 'evaluation',
    DATA_DIR: at.folder,
    LOG_LEVEL: 'warn',
    HTTP_PORT: at.httpPort,
    HTTP_PUBLIC_URL: `http://127.0.0.1:${at.httpPort}`,
    GATEWAY_PORT: at.gatewayPort,
    PROVIDERS_STRIPE_ENABLED: true,
    PROVIDERS_STRIPE_BASE_URL: at.twins.stripe.api,
    PROVIDERS_STRIPE_SECRET_KEY: SECRETS.stripe.key,
    PROVIDERS_STRIPE_WEBHOOK_SECRETS: SECRETS.stripe.webhook,
    PROVIDERS_VERIFF_ENABLED: true,
    PROVIDERS_VERIFF_BASE_URL: at.twins.veriff.api,
    PROVIDERS_VERIFF_API_KEY: SECRETS.veriff.key,
    PROVIDERS_VERIFF_SHARED_SECRET: SECRETS.veriff.secret,
    // The same few people pay all the time.
    PAYMENTS_ONLINE_LIMIT_PERSON_OPEN_MINOR: 100_000_000,
  };
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`SALLYPORT_${name}`, String(value)]),
  );
}

async function startServer(of: {
  root: string;
  folder: string;
  api: string;
  env: Record<string, string>;
  disk: Disk;
}): Promise<ChildProcess> {
  const { command, args } = commandOn(of.folder, of.disk, [join(of.root, 'server/main.ts')]);
  const logFile = join(of.folder, 'server.log');
  const child = spawn(command, args, {
    env: { ...process.env, NODE_OPTIONS: '', ...of.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  let failed: Error | null = null;
  child.once('error', (error) => (failed = error));
  const isReady = (): Promise<boolean> =>
    failed !== null || child.exitCode !== null
      ? Promise.resolve(true)
      : fetch(`${of.api}/readyz`).then(({ ok }) => ok);
  const ready = await until(isReady, { timeoutMs: READY_MS, everyMs: 50 });
  if (failed !== null)
    throw new Error(`${command} could not be started: ${String(failed)}`, { cause: failed });
  if (!ready || child.exitCode !== null) {
    child.kill('SIGKILL');
    throw new Error(`The server was not ready in ${READY_MS} ms; see ${logFile}`);
  }
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(timer);
}

async function connectWebhooks(
  client: ApiClient,
  api: string,
  twins: { stripe: Twin; veriff: Twin },
): Promise<void> {
  const accounts = await client.get<{
    data: { provider: 'stripe' | 'veriff'; webhook_path: string }[];
  }>('/v1/provider-accounts');
  for (const { provider, webhook_path: path } of accounts.data) {
    const secret = provider === 'stripe' ? SECRETS.stripe.webhook : SECRETS.veriff.secret;
    await twins[provider].setWebhook(`${api}${path}`, secret);
  }
}
