// Before anything is killed: people with templates, consents, approved KYC and saved cards, and claimed
// terminals, all through the doors everybody uses.

import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ApiClient } from '../../installer/story/api-client.ts';
import type { Person, Stage } from '../../installer/story/cast.ts';
import { savePaymentMethod } from '../../installer/story/chapter-payment-method.ts';
import { createNarrator, waitFor } from '../../installer/story/narrator.ts';
import { submitHostedPage } from '../../installer/story/twin-control.ts';
import type { Journal } from './journal.ts';
import { createTerminal, type Terminal } from './terminal.ts';

const run = promisify(execFile);

export interface Prepared {
  organizationId: string;
  siteId: string;
  payers: readonly Person[];
  terminals: readonly Terminal[];
}

export interface PrepareOptions {
  root: string;
  folder: string;
  api: string;
  client: ApiClient;
  people: number;
  terminals: number;
  journal: Journal;
}

const GOOD_CARD = '4242424242424242';
/** Is saved, and declines every charge. */
const DECLINING_CARD = '4000000000000341';
const DECLINING_EVERY = 12;
const POPULATION_SEED = 7;
/** The first two of a population are each other's lookalikes. */
const SKIPPED = 2;
const AT_ONCE = 6;
/** On a busy machine the server's patience may end before a session is made; it is then not asked for again. */
const KYC_TRIES = 5;

export async function prepare(options: PrepareOptions): Promise<Prepared> {
  const { client } = options;
  const who = await client.get<{ organization_id: string; node_ids: string[] }>('/v1/whoami');
  const site = await client.post<{ id: string }>('/v1/nodes', {
    parent_id: who.node_ids[0],
    kind: 'site',
    name: 'Rehearsal',
  });
  const payers = await importPeople(options);
  const stage = {
    api: client,
    environment: { api: options.api },
    narrator: createNarrator(() => undefined),
  } as unknown as Stage;
  await inParallel(payers, async (payer, index) => {
    await client.post(`/v1/people/${payer.id}/consents`, {
      purpose: 'payment',
      text_version: '2026-11/en',
      method: 'signature',
      given_at: '2026-11-01T08:00:00Z',
    });
    await approveKyc(client, payer);
    const declines = index % DECLINING_EVERY === DECLINING_EVERY - 1;
    await savePaymentMethod(stage, payer, declines ? DECLINING_CARD : GOOD_CARD);
  });
  const terminals: Terminal[] = [];
  for (let index = 0; index < options.terminals; index += 1) {
    terminals.push(await claimTerminal(options, { siteId: site.id, index }));
  }
  return { organizationId: who.organization_id, siteId: site.id, payers, terminals };
}

interface KycSession {
  id: string;
  status: string;
  url: string | null;
}

async function approveKyc(client: ApiClient, { id: personId }: Person): Promise<void> {
  for (let tries = 0; tries < KYC_TRIES; tries += 1) {
    const { id } = await client.post<KycSession>(`/v1/people/${personId}/kyc-sessions`);
    const read = (): Promise<KycSession> => client.get(`/v1/kyc-sessions/${id}`);
    const made = await waitFor({
      what: 'the page of a KYC session',
      read,
      until: ({ url, status }) => url !== null || status === 'failed',
    });
    if (made.url === null) continue;
    await submitHostedPage(made.url, { outcome: 'approved' });
    const until = ({ status }: KycSession): boolean => status === 'approved';
    await waitFor({ what: 'the decision of a KYC session', read, until });
    return;
  }
  throw new Error(`Expected a KYC session for ${personId} within ${KYC_TRIES} tries, found none.`);
}

async function importPeople({ root, folder, client, people }: PrepareOptions): Promise<Person[]> {
  const file = join(folder, 'people.ndjson');
  const script = join(root, 'simulators/terminal/population.ts');
  const count = people + SKIPPED;
  const drawn = ['--count', String(count), '--seed', String(POPULATION_SEED), '--out', file];
  await run(process.execPath, [script, ...drawn]);
  const text = readFileSync(file, 'utf8');
  const answer = await client.postLines<{ imported: number }>('/v1/people/import', text);
  if (answer.imported !== count) {
    throw new Error(`Expected ${count} imported people, found ${JSON.stringify(answer)}.`);
  }
  const refs = text.trim().split('\n').slice(SKIPPED).map(refOf);
  const found = refs.map(async (ref, index) => {
    const page = await client.get<{ data: { id: string; display_name: string }[] }>(
      `/v1/people?external_ref=${encodeURIComponent(ref)}`,
    );
    const [person] = page.data;
    if (person === undefined) throw new Error(`Expected the imported person ${ref}, found nobody.`);
    const seed = `population-${POPULATION_SEED}-${index + SKIPPED}`;
    return { id: person.id, name: person.display_name, seed };
  });
  const payers = await Promise.all(found);
  await waitFor({
    what: 'the gallery',
    read: () => client.get<{ data: { size: number }[] }>('/v1/galleries'),
    until: (galleries) => (galleries.data[0]?.size ?? 0) >= count,
  });
  return payers;
}

function refOf(line: string): string {
  return (JSON.parse(line) as { external_ref: string }).external_ref;
}

async function claimTerminal(
  { root, folder, client, journal }: PrepareOptions,
  { siteId, index }: { siteId: string; index: number },
): Promise<Terminal> {
  const device = await client.post<{ id: string }>('/v1/devices', {
    node_id: siteId,
    name: `Terminal ${index}`,
  });
  const claim = await client.post<{ qr_text: string }>(`/v1/devices/${device.id}/claim-codes`);
  const store = join(folder, `terminal-${index}`);
  mkdirSync(store, { recursive: true, mode: 0o700 });
  const terminal = createTerminal({ root, store, device: device.id, journal });
  await terminal.claim(claim.qr_text);
  return terminal;
}

async function inParallel<T>(
  list: readonly T[],
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const waiting = [...list.entries()];
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      await work(next[1], next[0]);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
