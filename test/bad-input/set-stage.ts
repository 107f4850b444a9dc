// What every case finds: a whole appliance in processes of its own on the test's database, an
// organization with a person, a key and a claimed device, and another organization beside it.

import { createPerson } from '../../server/domains/people/index.ts';
import { transaction } from '../../server/platform/database/database.ts';
import { seedOrganization, type TestDatabase } from '../support/database.ts';
import {
  serverEnvironment,
  spawnAppliance,
  type SpawnedAppliance,
} from '../support/spawn-appliance.ts';
import { goodRow } from './cases-import.ts';
import { claim, connect, fieldOf } from './device-client.ts';
import { prepareHttp } from './prepare-http.ts';
import { requestOf } from './send-http.ts';
import type { Stage } from './stage.ts';

export interface SetStage {
  stage: Stage;
  stop(): Promise<void>;
}

export async function setStage(database: TestDatabase): Promise<SetStage> {
  const appliance = await spawnAppliance({ database: database.settings });
  const base = await addressesOf(appliance, database);
  const foreign = await foreignOrganization(database);
  const early = { ...base, ...foreign } as Stage;
  const who = await get(early, '/v1/whoami');
  const nodeId = String((who['node_ids'] as string[])[0]);
  const site = await post(early, '/v1/nodes', { parent_id: nodeId, kind: 'site', name: 'Gate' });
  const prepared = await prepareHttp({ ...early, nodeId });
  const [device, spare] = [await register(early, site), await register(early, site)];
  await importOne(early);
  const claimed = await claim(early.gateway, device);
  return {
    stage: {
      ...early,
      ...prepared,
      nodeId,
      ingress: await ingressOf(early),
      device: claimed,
      line: await connect(early.gateway, claimed),
      linesOpened: 1,
      openClaimCode: fieldOf(spare, 'C'),
    },
    stop: () => appliance.stop(),
  };
}

async function addressesOf(
  appliance: SpawnedAppliance,
  database: TestDatabase,
): Promise<Pick<Stage, 'api' | 'gateway' | 'apiKey' | 'document' | 'serverEnv' | 'secrets'>> {
  const { server, apiKey, dataDir, stripe, veriff } = appliance;
  const serverEnv = serverEnvironment(database.settings, { dataDir, stripe, veriff });
  const document = await fetch(`${server.api}/openapi.json`);
  return {
    api: server.api,
    document: (await document.json()) as Stage['document'],
    gateway: server.gateway,
    apiKey,
    serverEnv,
    secrets: {
      stripeWebhook: String(serverEnv['SALLYPORT_PROVIDERS_STRIPE_WEBHOOK_SECRETS']),
      veriffSecret: String(serverEnv['SALLYPORT_PROVIDERS_VERIFF_SHARED_SECRET']),
    },
  };
}

async function foreignOrganization(
  database: TestDatabase,
): Promise<Pick<Stage, 'foreignPersonId' | 'foreignNodeId'>> {
  const { deps } = database;
  const { orgId, siteId } = await seedOrganization(deps, 'Neighbour');
  const person = await transaction(deps.databases.org(orgId), (tx) =>
    createPerson(deps, tx, {
      nodeId: siteId,
      externalRef: null,
      displayName: 'Neighbour',
      actor: { kind: 'system', id: 'test' },
      traceId: null,
    }),
  );
  return { foreignPersonId: person.id, foreignNodeId: siteId };
}

/** An organization's first template makes its key; no case should be blamed for that. */
async function importOne(stage: Stage): Promise<void> {
  const row = JSON.stringify(goodRow('good-1'));
  const headers = { 'content-type': 'application/x-ndjson' };
  const response = await requestOf(stage, { path: '/v1/people/import', headers, body: `${row}\n` });
  const { imported } = response.json() as { imported: number };
  if (imported !== 1) throw new Error(`The good row was refused: ${response.text}`);
}

/** Returns the text of the QR code. */
async function register(stage: Stage, site: Record<string, unknown>): Promise<string> {
  const device = await post(stage, '/v1/devices', { node_id: site['id'], name: 'Terminal' });
  const code = await post(stage, `/v1/devices/${String(device['id'])}/claim-codes`);
  return String(code['qr_text']);
}

async function ingressOf(stage: Stage): Promise<Stage['ingress']> {
  const page = await get(stage, '/v1/provider-accounts');
  const accounts = page['data'] as { provider: string; webhook_path: string }[];
  const pathOf = (provider: string): string =>
    accounts.find((account) => account.provider === provider)?.webhook_path ?? '';
  return { stripe: pathOf('stripe'), veriff: pathOf('veriff') };
}

async function post(stage: Stage, path: string, body?: unknown): Promise<Record<string, unknown>> {
  const response = await requestOf(stage, { path, ...(body === undefined ? {} : { body }) });
  if (response.status >= 300) throw new Error(`POST ${path}: ${response.status} ${response.text}`);
  return response.json() as Record<string, unknown>;
}

async function get(stage: Stage, path: string): Promise<Record<string, unknown>> {
  const response = await requestOf(stage, { method: 'GET', path });
  if (response.status >= 300) throw new Error(`GET ${path}: ${response.status} ${response.text}`);
  return response.json() as Record<string, unknown>;
}
