// What the recorded appliance is made to do: the whole story, then every list and every single resource by
// REST, and the changes that the story does not need.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { runStory } from '../../installer/story/run-story.ts';
import { createLedger } from '../../server/domains/ledger/index.ts';
import { transaction } from '../../server/platform/database/database.ts';
import { listDeadLetters, replayDeadLetter } from '../../server/platform/outbox/index.ts';
import { claim, connect } from '../bad-input/device-client.ts';
import type { TestDatabase } from '../support/database.ts';
import { send, type TestResponse } from '../support/http.ts';
import { ROOT, spawnAppliance, type SpawnedAppliance } from '../support/spawn-appliance.ts';
import type { SchemaView } from '../support/schema.ts';
import { until } from '../support/until.ts';
import { RECORD_TO } from './record-statements.ts';
import { readRecorded, type RecordedStatement } from './recorded-statement.ts';

const RECORDER = pathToFileURL(join(import.meta.dirname, 'record-statements.ts')).href;
const POPULATION = 200;

export interface Recording {
  orgId: string;
  statements: readonly RecordedStatement[];
  /** Calls that were answered with neither success nor a refusal. */
  broken: readonly string[];
}

export async function recordWorkload(database: TestDatabase, view: SchemaView): Promise<Recording> {
  const file = join(mkdtempSync(join(tmpdir(), 'sallyport-statements-')), 'statements.ndjson');
  const appliance = await spawnAppliance({
    database: database.settings,
    population: POPULATION,
    env: { NODE_OPTIONS: `--import ${RECORDER}`, [RECORD_TO]: file },
  });
  try {
    await tellStory(appliance);
    const broken = await useEveryRoute(appliance);
    await refuseWebhook(appliance);
    await speakAsDevice(appliance, view);
    const who = await ask(appliance, 'GET', '/v1/whoami');
    const { organization_id: orgId } = who.json() as { organization_id: string };
    const direct = await askDirectly(database, { view, orgId });
    return { orgId, statements: [...readRecorded(file), ...direct], broken };
  } finally {
    await appliance.stop();
  }
}

async function tellStory(appliance: SpawnedAppliance): Promise<void> {
  const lines: string[] = [];
  const told = await runStory(appliance.environment, ROOT, (line) => lines.push(line));
  if (!told) throw new Error(`${lines.join('\n')}\n\n${appliance.server.log().slice(-4_000)}`);
}

/** Refused and kept aside, which counts what was kept before. */
async function refuseWebhook(appliance: SpawnedAppliance): Promise<void> {
  const page = (await ask(appliance, 'GET', '/v1/provider-accounts')).json() as {
    data: { webhook_path: string }[];
  };
  for (const { webhook_path: path } of page.data) {
    await ask(appliance, 'POST', path, { body: { forged: true } });
  }
}

/** What the story's terminal does not do: events, the same question twice, and staying for a while. */
async function speakAsDevice(appliance: SpawnedAppliance, view: SchemaView): Promise<void> {
  const made = async (path: string, body?: unknown): Promise<Record<string, string>> => {
    const answer = await ask(appliance, 'POST', path, body === undefined ? {} : { body });
    if (answer.status >= 300) throw new Error(`POST ${path}: ${answer.status} ${answer.text}`);
    return answer.json() as Record<string, string>;
  };
  const who = (await ask(appliance, 'GET', '/v1/whoami')).json() as { node_ids: string[] };
  const place = { parent_id: who.node_ids[0], kind: 'site', name: 'Isolation' };
  const site = await made('/v1/nodes', place);
  const terminal = { node_id: site['id'], name: 'Isolation' };
  const registered = await made('/v1/devices', terminal);
  const { qr_text: qrText } = await made(`/v1/devices/${registered['id']}/claim-codes`);
  const device = await claim(appliance.server.gateway, String(qrText));
  const line = await connect(appliance.server.gateway, device);
  const event = { id: 'e1', ty: 'door.opened', ts: 1, up: 1, cq: 'synced', p: {} };
  line.send({ t: 'ev', ep: device.epoch, s: 1, e: [event] });
  await line.frame('ack');
  const question = {
    t: 'ask',
    id: 'opr_t_isolation_000001',
    kind: 'payment',
    deadline_ms: 5_000,
    p: { amount: { amount: 100, currency: 'EUR' }, probe: capture() },
  };
  for (let round = 0; round < 2; round += 1) {
    line.send(question);
    await line.frame('answer');
  }
  await until(
    'the lease of the device to be renewed',
    async () => {
      const [lease] = await view.run(
        `select seen_at - connected_at as held from device_lease where device_id = '${device.id}'`,
      );
      return Number(lease?.['held']) > 0;
    },
    30_000,
  );
  line.close();
  await line.closed;
}

/** What no route asks yet: the same functions, called on the same database. */
async function askDirectly(
  database: TestDatabase,
  { view, orgId }: { view: SchemaView; orgId: string },
): Promise<RecordedStatement[]> {
  const recorded: RecordedStatement[] = [];
  const databases = database.connect((statement) => void recorded.push({ ...statement }));
  const deps = { ...database.deps, databases };
  const db = databases.org(orgId);
  await createLedger(deps).sumsToZero(db);
  const [lane] = await view.run(
    `select lane_id from outbox_lane where org_id = '${orgId}' limit 1`,
  );
  const pos = 900_000;
  const message = { aggregate: 'x', type: 'inbox.poll', uid: 'isolation', body: '{}' };
  const death = { attempts: 1, reason: 'planted', created_at: 1, died_at: 1 };
  await view.insert('outbox_dead', { pos, org_id: orgId, ...lane, ...message, ...death });
  await listDeadLetters(db, { afterPos: 0, limit: 10 });
  await transaction(db, (tx) => replayDeadLetter(deps, tx, pos));
  return recorded;
}

interface Operation {
  operationId: string;
}

/** Reads first, then changes: the routes come from the appliance's own OpenAPI document. */
async function useEveryRoute(appliance: SpawnedAppliance): Promise<string[]> {
  const document = (await ask(appliance, 'GET', '/openapi.json')).json() as {
    paths: Record<string, Record<string, Operation>>;
  };
  const gets = Object.entries(document.paths).filter(([, methods]) => methods['get'] !== undefined);
  const known = new Map<string, string>();
  const broken: string[] = [];
  const visit = async (path: string): Promise<void> => {
    const filled = path.replaceAll(
      /\{([a-z_]+)\}/g,
      (_all, name: string) => known.get(name) ?? 'x',
    );
    const answer = await ask(appliance, 'GET', filled);
    if (answer.status >= 500) broken.push(`GET ${filled}: ${answer.status} ${answer.text}`);
    else if (answer.status === 200) learnIds(path, answer, known);
  };
  // Twice: what a list shows the second time round fills the paths of single resources.
  for (let round = 0; round < 2; round += 1) {
    for (const [path] of gets.toSorted(([a], [b]) => a.length - b.length)) await visit(path);
  }
  for (const call of await changes(appliance, known)) {
    if (call.status >= 500) broken.push(call.text);
  }
  return broken;
}

/** `/v1/people` teaches person_id, `/v1/nodes` node_id: the name of the parameter below it. */
function learnIds(path: string, answer: TestResponse, known: Map<string, string>): void {
  if (answer.headers['content-type']?.startsWith('application/json') !== true) return;
  const { data } = answer.json() as { data?: readonly Record<string, unknown>[] };
  for (const item of data ?? []) {
    if (typeof item['id'] === 'string') known.set(parameterBelow(path), item['id']);
    for (const [name, value] of Object.entries(item)) {
      if (name.endsWith('_id') && typeof value === 'string') known.set(name, value);
    }
  }
}

const SINGULARS: Readonly<Record<string, string>> = {
  people: 'person_id',
  identifications: 'identification_id',
  'api-keys': 'api_key_id',
};

function parameterBelow(path: string): string {
  const last = path.split('/').at(-1) ?? '';
  return SINGULARS[last] ?? `${last.replace(/s$/, '').replaceAll('-', '_')}_id`;
}

async function changes(
  appliance: SpawnedAppliance,
  known: ReadonlyMap<string, string>,
): Promise<TestResponse[]> {
  const person = known.get('person_id') ?? '';
  const payment = known.get('payment_id') ?? '';
  const device = known.get('device_id') ?? '';
  const node = known.get('node_id') ?? '';
  const made: TestResponse[] = [];
  const call = async (
    method: string,
    path: string,
    options: { body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Record<string, unknown>> => {
    const answer = await ask(appliance, method, path, options);
    made.push(answer);
    return answer.text.startsWith('{') ? (answer.json() as Record<string, unknown>) : {};
  };
  const consentOf = (purpose: string): object => ({
    purpose,
    text_version: '2026-11/en',
    method: 'signature',
    given_at: '2026-11-20T09:00:00Z',
  });
  const twice = { headers: { 'idempotency-key': 'isolation-1' }, body: { display_name: 'Iso' } };
  const iso = String((await call('POST', '/v1/people', twice))['id']);
  await call('POST', '/v1/people', twice);
  await call('PATCH', `/v1/people/${iso}`, {
    headers: { 'if-match': '"1"' },
    body: { display_name: 'Isolde', external_ref: 'iso-1', node_id: node },
  });
  const consents = `/v1/people/${iso}/consents`;
  const consent = await call('POST', consents, { body: consentOf('biometric_identification') });
  const template = await call('POST', `/v1/people/${iso}/templates`, { body: capture() });
  await call('POST', '/v1/identifications', { body: capture() });
  await call('DELETE', `/v1/templates/${String(template['id'])}`);
  await call('POST', `/v1/people/${iso}/templates`, { body: capture() });
  await call('POST', `${consents}/${String(consent['id'])}/withdraw`);
  await call('POST', consents, { body: consentOf('payment') });
  await call('POST', `/v1/people/${iso}/erase`);
  const who = (await ask(appliance, 'GET', '/v1/whoami')).json() as { principal_id: string };
  const key = await call('POST', '/v1/api-keys', {
    body: {
      name: 'iso',
      node_id: node,
      scopes: ['person.read'],
      principal_id: who.principal_id,
    },
  });
  await call('DELETE', `/v1/api-keys/${String(key['id'])}`);
  await call('POST', `/v1/payments/${payment}/refunds`, {
    headers: { 'idempotency-key': 'isolation-2' },
    body: { amount: { amount: 1, currency: 'EUR' } },
  });
  await call('POST', `/v1/devices/${device}/claim-codes`);
  await call('POST', `/v1/devices/${device}/commands`, {
    body: { method: 'message', params: { text: 'isolation' } },
  });
  await call('POST', `/v1/devices/${device}/suspend`);
  await call('POST', `/v1/people/${person}/consents`, { body: consentOf('payment') });
  return made;
}

function capture(): object {
  const values = Float32Array.from({ length: 512 }, (_, at) => Math.cos(at * 7));
  const vector = Buffer.from(values.buffer).toString('base64');
  return { modality: 'face', extractor: 'synthetic-512/1', vector, quality: 90 };
}

function ask(
  { server, apiKey }: SpawnedAppliance,
  method: string,
  path: string,
  options: { body?: unknown; headers?: Record<string, string> } = {},
): Promise<TestResponse> {
  return send(server.api, { method, path, key: apiKey, ...options });
}
