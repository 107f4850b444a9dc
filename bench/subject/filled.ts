// A data folder with so many templates and a few people who may pay at a door, made once in a run by the real
// server and its provider twins, and copied for each measure that needs it.

import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Person } from '../../installer/story/cast.ts';
import { freePort } from '../../scripts/chaos/free-port.ts';
import { createJournal } from '../../scripts/chaos/journal.ts';
import { prepare } from '../../scripts/chaos/prepare.ts';
import { createTwin, type Twin } from '../../scripts/chaos/twin.ts';
import type { Context } from '../measure.ts';
import { importPopulation } from './population.ts';
import {
  SECRET_KEY,
  type Server,
  serverEnvironment,
  startServer,
  WEBHOOK_SECRET,
} from './server.ts';

export interface Filled {
  dataDir: string;
  siteId: string;
  payers: readonly Person[];
}

/** Also those of `prepare`, two of whom nobody uses. */
export const PAYERS = 10;
const VERIFF = { key: 'bench-api-key', secret: 'bench-shared-secret' };

const made = new Map<number, Filled>();
const folders: string[] = [];

/** A copy that may be changed; `templates` of 0 means an empty appliance without payers. */
export async function copyFilled(context: Context, templates: number): Promise<Filled> {
  const original = made.get(templates) ?? (await fill(context, templates));
  made.set(templates, original);
  const dataDir = mkdtempSync(join(context.folder, 'filled-'));
  cpSync(original.dataDir, dataDir, { recursive: true });
  return { ...original, dataDir };
}

export function removeFilled(): void {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
}

async function fill(context: Context, templates: number): Promise<Filled> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-filled-'));
  folders.push(folder);
  context.log(`  filling a data folder with ${templates} templates`);
  const world = await startWorld(context, folder);
  try {
    if (templates === 0) return { dataDir: world.dataDir, siteId: '', payers: [] };
    // The payers come with templates of their own.
    await importPopulation(world.server, templates - PAYERS);
    const prepared = await prepare({
      root: context.root,
      ...{ folder, api: world.server.api, client: world.server.client },
      ...{ people: PAYERS - 2, terminals: 0 },
      journal: createJournal(join(folder, 'journal.ndjson')),
    });
    const { siteId, payers } = prepared;
    return { dataDir: world.dataDir, siteId, payers };
  } finally {
    await world.stop();
  }
}

export interface World {
  dataDir: string;
  server: Server;
  twins: { stripe: Twin; veriff: Twin };
  stop(): Promise<void>;
}

/** The server with both providers beside it, and webhooks between them. */
export async function startWorld({ root }: Context, folder: string): Promise<World> {
  const twin = async (name: 'stripe' | 'veriff', flags: Record<string, string>): Promise<Twin> => {
    const ports = { api: await freePort(), control: await freePort() };
    const started = createTwin({ root, folder, name, ports, flags });
    await started.start();
    return started;
  };
  const stripe = await twin('stripe', { 'secret-key': SECRET_KEY });
  const veriff = await twin('veriff', { 'api-key': VERIFF.key, 'shared-secret': VERIFF.secret });
  const dataDir = join(folder, 'data');
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const env = serverEnvironment(dataDir, {
    PROVIDERS_STRIPE_BASE_URL: stripe.api,
    PROVIDERS_VERIFF_ENABLED: 'true',
    PROVIDERS_VERIFF_BASE_URL: veriff.api,
    PROVIDERS_VERIFF_API_KEY: VERIFF.key,
    PROVIDERS_VERIFF_SHARED_SECRET: VERIFF.secret,
  });
  const server = await startServer({ root, folder, dataDir, env, role: 'all' });
  await connectWebhooks(server, { stripe, veriff });
  return {
    ...{ dataDir, server, twins: { stripe, veriff } },
    stop: async () => {
      await server.stop();
      await Promise.all([stripe.stop(), veriff.stop()]);
    },
  };
}

async function connectWebhooks(
  { client, api }: Server,
  twins: { stripe: Twin; veriff: Twin },
): Promise<void> {
  type Account = { provider: 'stripe' | 'veriff'; webhook_path: string };
  const accounts = await client.get<{ data: Account[] }>('/v1/provider-accounts');
  for (const { provider, webhook_path: path } of accounts.data) {
    const secret = provider === 'stripe' ? WEBHOOK_SECRET : VERIFF.secret;
    await twins[provider].setWebhook(`${api}${path}`, secret);
  }
}
