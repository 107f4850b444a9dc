// A whole served appliance with its twins, a terminal and two people, whose configuration tests change.

import Sqlite from 'better-sqlite3';
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApiClient, createApiClient } from '../../installer/story/api-client.ts';
import type { Person, Stage } from '../../installer/story/cast.ts';
import { passKyc } from '../../installer/story/chapter-kyc.ts';
import { savePaymentMethod } from '../../installer/story/chapter-payment-method.ts';
import { enrolPerson } from '../../installer/story/chapter-people.ts';
import { connectTerminal } from '../../installer/story/chapter-terminal.ts';
import { createNarrator } from '../../installer/story/narrator.ts';
import { controlTwin } from '../../installer/story/twin-control.ts';
import { ROOT, spawnAppliance, type SpawnedAppliance } from '../support/spawn-appliance.ts';
import { until } from '../support/until.ts';
import { configOf, newFolder, replaceFile, type Settings, yamlOf } from './config-file.ts';

export interface LiveBox {
  appliance: SpawnedAppliance;
  api: ApiClient;
  apiUrl: string;
  gateway: string;
  stage: Stage;
  ana: Person;
  /** Where providers post to, below the API's address. */
  ingress: Record<'stripe' | 'veriff', string>;
  /** Puts these over what the box started with, and returns when they are in force. */
  set(changes: Settings): Promise<void>;
  /** Rows of the appliance's own database. */
  rows<Row>(sql: string, ...values: unknown[]): Row[];
  /** One request with the box's key; the caller reads the answer. */
  request(path: string, init?: RequestInit): Promise<Response>;
  newPerson(): Promise<string>;
  /** Of a new person; its work at Stripe is about to begin. Returns the id of the method. */
  startMethod(personId: string): Promise<string>;
  stop(): Promise<void>;
}

/** One live case: from what the box does, to what it does under other settings. */
export type LiveCase = (box: LiveBox) => Promise<void>;
/** By the paths of the settings it proves, separated by spaces. */
export type LiveCases = Readonly<Record<string, LiveCase>>;

export const SECRETS: Settings = {
  'providers.stripe.secret_key': 'sk_test_appliance',
  'providers.stripe.webhook_secrets': ['whsec_appliance'],
  'providers.veriff.api_key': 'veriff-api-key',
  'providers.veriff.shared_secret': 'veriff-shared-secret',
};
const FROM_ENV = [
  'STRIPE_SECRET_KEY',
  'STRIPE_WEBHOOK_SECRETS',
  'VERIFF_API_KEY',
  'VERIFF_SHARED_SECRET',
];

export async function openLiveBox(): Promise<LiveBox> {
  const folder = newFolder();
  const file = join(folder, 'server.yaml');
  const sqlite = join(folder, 'sallyport.db');
  writeFileSync(file, yamlOf(SECRETS), { mode: 0o600 });
  const appliance = await spawnAppliance({
    database: {
      kind: 'sqlite',
      file: sqlite,
      synchronous: 'FULL',
      group: { waitMs: 2, callersMax: 50 },
    },
    env: {
      SALLYPORT_CONFIG: file,
      ...Object.fromEntries(FROM_ENV.map((name) => [`SALLYPORT_PROVIDERS_${name}`, undefined])),
    },
  });
  const { api: apiUrl, gateway, pid } = appliance.server;
  const { environment } = appliance;
  mkdirSync(environment.workDir, { recursive: true });
  const api = createApiClient(apiUrl, appliance.apiKey);
  const early = {
    ...{ environment, root: ROOT, api, narrator: createNarrator(() => undefined) },
    stripe: controlTwin(environment.twins.stripe),
    veriff: controlTwin(environment.twins.veriff),
    telling: randomBytes(4).toString('hex'),
  };
  const stage: Stage = { ...early, ...(await connectTerminal(early)) };
  const ana = await enrolPerson(stage, 'Ana Example');
  await enrolPerson(stage, 'Ben Example');
  await passKyc(stage, ana);
  await savePaymentMethod(stage, ana, '4242424242424242');
  const { data } = await api.get<{
    data: { provider: 'stripe' | 'veriff'; webhook_path: string }[];
  }>('/v1/provider-accounts');
  const pathOf = (wanted: string): string =>
    data.find(({ provider }) => provider === wanted)?.webhook_path ?? '';
  const db = new Sqlite(sqlite, { readonly: true });
  let written = yamlOf(SECRETS);
  return {
    ...{ appliance, api, apiUrl, gateway, stage, ana },
    ingress: { stripe: pathOf('stripe'), veriff: pathOf('veriff') },
    set: async (changes) => {
      const text = yamlOf({ ...SECRETS, ...changes });
      if (text === written) return;
      const { generation } = await configOf(apiUrl);
      written = text;
      replaceFile(file, text);
      process.kill(pid, 'SIGHUP');
      await until('the change in force', async () => {
        const now = await configOf(apiUrl);
        if (!now.last_reload.ok) throw new Error(now.last_reload.problems.join('\n'));
        if (now.restart_needed.length > 0) throw new Error(now.restart_needed.join());
        return now.generation > generation;
      });
    },
    rows: (sql, ...values) => db.prepare(sql).all(...values) as never,
    request: (path, init = {}) =>
      fetch(`${apiUrl}${path}`, {
        ...init,
        headers: {
          authorization: `Bearer ${appliance.apiKey}`,
          'idempotency-key': randomUUID(),
          ...(init.headers as Record<string, string> | undefined),
        },
      }),
    newPerson: async () => {
      const name = `Somebody ${randomUUID()}`;
      const person = { node_id: stage.siteId, display_name: name, external_ref: name };
      return (await api.post<{ id: string }>('/v1/people', person)).id;
    },
    startMethod: async (personId) => {
      const path = `/v1/people/${personId}/payment-methods`;
      return (await api.post<{ id: string }>(path, { return_url: `${apiUrl}/docs` })).id;
    },
    stop: async () => {
      db.close();
      await stage.terminal.stop();
      await appliance.stop();
    },
  };
}
