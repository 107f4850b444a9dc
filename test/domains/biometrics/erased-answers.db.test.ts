// What was answered about a person is kept for retries; not beyond the person's erasure.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createCamera } from '../../../simulators/terminal/camera.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import type { TestResponse } from '../../support/http.ts';
import { CONSENT, type Rig, startRig } from './rig.ts';

afterAll(() => rig.close());
const database = useTestDatabase();
let rig: Rig;
let org: SeededOrganization;

beforeAll(async () => {
  rig = await startRig(database.deps(), { gallery: false });
  org = await database.seedOrganization();
});

const NAME = 'Wilhelmina Unmistakable';
let keys = 0;

interface Write {
  method: string;
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
}

const send = ({ method, path, body, headers }: Write, idempotencyKey: string) =>
  rig.http.request(method, path, {
    key: org.apiKey,
    headers: { ...headers, 'idempotency-key': idempotencyKey },
    ...(body === undefined ? {} : { body }),
  });

/** Every kept answer of the organization, as text. */
async function kept(): Promise<string> {
  const rows = await database
    .databases()
    .org(org.orgId)
    .query('select i.* from idempotency i where i.org_id = $1', [org.orgId]);
  return JSON.stringify(rows);
}

async function personWithWrites(
  name: string,
): Promise<{ id: string; again(): Promise<TestResponse[]> }> {
  const writes: [Write, string][] = [];
  const write = async (wanted: Write): Promise<TestResponse> => {
    const key = `key-${(keys += 1)}`;
    writes.push([wanted, key]);
    const answer = await send(wanted, key);
    expect(answer.status).toBeLessThan(300);
    return answer;
  };
  const made = await write({ method: 'POST', path: '/v1/people', body: { display_name: name } });
  const { id } = made.json();
  const path = `/v1/people/${id}`;
  const headers = { 'if-match': '"1"' };
  await write({ method: 'PATCH', path, headers, body: { display_name: `${name} II` } });
  await write({ method: 'POST', path: `${path}/consents`, body: CONSENT });
  const capture = createCamera({ seed: 'test' }).capture(name, { purpose: 'enrolment' });
  const enrolled = await write({ method: 'POST', path: `${path}/templates`, body: capture });
  await write({ method: 'DELETE', path: `/v1/templates/${enrolled.json().id}` });
  return { id, again: () => Promise.all(writes.map(([wanted, key]) => send(wanted, key))) };
}

describe('the erasure of a person', () => {
  test('removes every kept answer about the person, and no other', async () => {
    const other = await personWithWrites('Somebody Else');
    const person = await personWithWrites(NAME);
    for (const answer of await person.again())
      expect(answer.headers['idempotent-replayed']).toBe('true');
    expect(await kept()).toContain(NAME);

    const erase = { method: 'POST', path: `/v1/people/${person.id}/erase` };
    expect((await send(erase, 'erase')).status).toBe(200);
    expect(await kept()).not.toContain(NAME);
    expect(await kept()).toContain('Somebody Else');
    for (const answer of await person.again()) {
      expect([answer.status, answer.json().code]).toEqual([404, 'not_found']);
      expect(answer.json().detail).toContain('erased');
      expect(answer.text).not.toContain(NAME);
    }
    for (const answer of await other.again()) expect(answer.status).toBeLessThan(300);
  });

  test('keeps its own answer, and a retry of the creation makes nobody anew', async () => {
    const create = { method: 'POST', path: '/v1/people', body: { display_name: 'Once' } };
    const { id } = (await send(create, 'create-once')).json();
    const erase = { method: 'POST', path: `/v1/people/${id}/erase` };
    const first = await send(erase, 'erase-once');
    const again = await send(erase, 'erase-once');
    expect([again.status, again.text]).toEqual([200, first.text]);
    const other = { ...create, body: { display_name: 'Another' } };
    for (const retry of [create, other])
      expect((await send(retry, 'create-once')).status).toBe(404);
    const people = await rig.http.request('GET', '/v1/people', { key: org.apiKey });
    expect(people.text).not.toContain('Once');
  });
});
