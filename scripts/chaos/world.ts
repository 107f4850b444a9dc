// The world of one rehearsal: a folder, free ports, secrets, both twins, the server and its database. All
// of it is torn down by `close`, whatever has happened, and nothing of it outlives the process.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createApiClient, type ApiClient } from '../../installer/story/api-client.ts';
import type { ApplianceDatabase } from '../verify-ledger/appliance-rows.ts';
import type { ChaosArguments } from './arguments.ts';
import { type Books, openPostgresBooks, openSqliteBooks } from './books.ts';
import { killAll } from './child.ts';
import { freePort } from './free-port.ts';
import type { Postgres } from './postgres.ts';
import { createServer, serverEnvironment, type ServerProcess } from './server.ts';
import { createTwin, type Twin } from './twin.ts';

const run = promisify(execFile);

export interface World {
  folder: string;
  server: ServerProcess;
  twins: { stripe: Twin; veriff: Twin };
  books: Books;
  apiKey: string;
  client: ApiClient;
  /** The settings of the server, for other processes of the product. */
  env: Readonly<Record<string, string>>;
  /** What the verifier of the ledgers reads. */
  appliance(organization: string): ApplianceDatabase;
  close(isKept: boolean): Promise<void>;
}

const SECRETS = {
  stripe: { key: 'sk_test_rehearsal', webhookSecret: 'whsec_rehearsal' },
  veriff: { key: 'rehearsal-api-key', secret: 'rehearsal-shared-secret' },
};
/** A server with a bug built in; it is no part of the product. */
const PLANTED_MAIN = 'test/chaos/planted-main.ts';

export async function openWorld(root: string, options: ChaosArguments): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-chaos-'));
  let postgres: Postgres | null = null;
  const tearDown = async (isKept: boolean): Promise<void> => {
    await postgres?.stop();
    killAll();
    if (!isKept) rmSync(folder, { recursive: true, force: true });
  };
  try {
    if (options.database === 'postgres') {
      const { startPostgres } = await import('./postgres.ts');
      postgres = await startPostgres(folder);
    }
    return await build({ root, folder, options, postgres, tearDown });
  } catch (error) {
    await tearDown(true);
    throw new Error(`${(error as Error).message} (logs in ${folder})`, { cause: error });
  }
}

interface Build {
  root: string;
  folder: string;
  options: ChaosArguments;
  postgres: Postgres | null;
  tearDown(isKept: boolean): Promise<void>;
}

async function build({ root, folder, options, postgres, tearDown }: Build): Promise<World> {
  const twins = await startTwins(root, folder);
  const ports = { http: await freePort(), gateway: await freePort() };
  const stripe = { api: twins.stripe.api, ...SECRETS.stripe };
  const veriff = { api: twins.veriff.api, ...SECRETS.veriff };
  const env = { ...serverEnvironment({ folder, ports, stripe, veriff }), ...postgres?.env };
  const data = join(folder, 'data');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  if (postgres !== null) {
    const migrate = [join(root, 'server/main.ts'), 'migrate'];
    await run(process.execPath, migrate, { env: { ...process.env, NODE_OPTIONS: '', ...env } });
  }
  const { plant } = options;
  const server = createServer({
    root,
    folder,
    main: plant === null ? 'server/main.ts' : PLANTED_MAIN,
    port: ports.http,
    env: { ...env, ...(plant === null ? {} : { REHEARSAL_PLANT: plant }) },
  });
  await server.start();
  const apiKey = readFileSync(join(data, 'bootstrap-api-key'), 'utf8').trim();
  const client = createApiClient(server.api, apiKey);
  await connectWebhooks(client, server.api, twins);
  const file = join(data, 'sallyport.db');
  const books =
    postgres === null ? openSqliteBooks(file) : await openPostgresBooks(postgres.superuser);
  return {
    folder,
    server,
    twins,
    books,
    apiKey,
    client,
    env,
    appliance: (organization) =>
      postgres === null ? { kind: 'sqlite', file } : source(postgres, organization),
    close: async (isKept) => {
      await books.close();
      await tearDown(isKept);
    },
  };
}

async function startTwins(root: string, folder: string): Promise<World['twins']> {
  const { stripe, veriff } = SECRETS;
  const make = async (name: 'stripe' | 'veriff', flags: Record<string, string>): Promise<Twin> => {
    const ports = { api: await freePort(), control: await freePort() };
    const twin = createTwin({ root, folder, name, ports, flags });
    await twin.start();
    return twin;
  };
  return {
    stripe: await make('stripe', { 'secret-key': stripe.key }),
    veriff: await make('veriff', { 'api-key': veriff.key, 'shared-secret': veriff.secret }),
  };
}

async function connectWebhooks(
  client: ApiClient,
  api: string,
  twins: World['twins'],
): Promise<void> {
  const accounts = await client.get<{
    data: { provider: 'stripe' | 'veriff'; webhook_path: string }[];
  }>('/v1/provider-accounts');
  for (const { provider, webhook_path: path } of accounts.data) {
    const secret = provider === 'stripe' ? SECRETS.stripe.webhookSecret : SECRETS.veriff.secret;
    await twins[provider].setWebhook(`${api}${path}`, secret);
  }
}

function source({ superuser, app }: Postgres, organization: string): ApplianceDatabase {
  return {
    kind: 'postgres',
    host: superuser.host ?? '',
    port: superuser.port ?? 0,
    name: superuser.database ?? '',
    ...app,
    organization,
  };
}
