// Our server as it is measured: the real process in the evaluation profile, logging warnings only, on a data
// folder of its own.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createApiClient, type ApiClient } from '../../installer/story/api-client.ts';
import { type Started, startProcess, type StartOptions } from './process.ts';

export type Role = 'all' | 'api' | 'gateway' | 'worker';

export interface Server extends Started {
  api: string;
  gateway: string;
  apiKey: string;
  client: ApiClient;
}

export interface ServerOptions extends Pick<
  StartOptions,
  'root' | 'folder' | 'counts' | 'nodeFlags'
> {
  dataDir: string;
  role: Role;
  env: Readonly<Record<string, string>>;
}

export const WEBHOOK_SECRET = 'whsec_bench';
export const SECRET_KEY = 'sk_test_bench';

/** Nobody listens there: nothing is delivered while something else is measured. */
const NOWHERE = 'http://127.0.0.1:1';

export function serverEnvironment(
  dataDir: string,
  settings: Readonly<Record<string, string | number>> = {},
): Record<string, string> {
  const all: Record<string, string | number> = {
    PROFILE: 'evaluation',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
    HTTP_PORT: 0,
    HTTP_PUBLIC_URL: NOWHERE,
    GATEWAY_PORT: 0,
    PROVIDERS_STRIPE_ENABLED: 'true',
    PROVIDERS_STRIPE_BASE_URL: NOWHERE,
    PROVIDERS_STRIPE_SECRET_KEY: SECRET_KEY,
    PROVIDERS_STRIPE_WEBHOOK_SECRETS: WEBHOOK_SECRET,
    ...settings,
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, value]) => [`SALLYPORT_${name}`, String(value)]),
  );
}

export async function startServer(options: ServerOptions): Promise<Server> {
  const { dataDir, role, ...rest } = options;
  const started = await startProcess({
    ...rest,
    name: 'server',
    script: 'server/main.ts',
    args: [role],
  });
  const apiKey = readFileSync(join(dataDir, 'bootstrap-api-key'), 'utf8').trim();
  const api = String(started.ready['api']);
  const gateway = String(started.ready['gateway']);
  return { ...started, api, gateway, apiKey, client: createApiClient(api, apiKey) };
}

/** Postgres' tables are made by the migration's own process. */
export async function migrate(options: Omit<ServerOptions, 'role'>): Promise<void> {
  const { dataDir: _dataDir, ...rest } = options;
  const { startChild } = await import('../../scripts/chaos/child.ts');
  const child = startChild({
    name: 'migrate',
    args: [join(rest.root, 'server/main.ts'), 'migrate'],
    env: rest.env,
    logFile: join(rest.folder, 'migrate.log'),
  });
  const code = await child.ended;
  if (code !== 0) throw new Error(`The migration ended with ${code}; see ${rest.folder}.`);
}
