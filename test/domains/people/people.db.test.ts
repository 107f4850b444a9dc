import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import type { TestResponse } from '../../support/http.ts';
import { CONSENT, type Rig, startRig } from '../biometrics/rig.ts';

// Hooks run in the order they are written: the rig stops before its database is closed.
afterAll(() => rig.close());
const database = useTestDatabase();
let rig: Rig;
let org: SeededOrganization;
let other: SeededOrganization;

beforeAll(async () => {
  rig = await startRig(database.deps(), { gallery: false });
  org = await database.seedOrganization();
  other = await database.seedOrganization('Another organization');
});

function ask(
  method: string,
  path: string,
  {
    body,
    key = org.apiKey,
    headers = {},
  }: { body?: unknown; key?: string; headers?: Record<string, string> } = {},
): Promise<TestResponse> {
  return rig.http.request(method, path, { key, body, headers });
}

async function createPerson(body: object = {}): Promise<{ id: string; node_id: string }> {
  const answer = await ask('POST', '/v1/people', { body: { display_name: 'Ana', ...body } });
  expect(answer.status).toBe(201);
  return answer.json();
}

async function eventsOf(subjectId: string): Promise<string[]> {
  const answer = await ask('GET', `/v1/events?subject_id=${subjectId}&limit=50`);
  return answer.json().data.map((event: { type: string }) => event.type);
}

describe('a person', () => {
  test('is created under the node of the key, or under the one named, and told', async () => {
    const person = await createPerson();
    expect(person).toMatchObject({
      node_id: org.rootNodeId,
      display_name: 'Ana',
      external_ref: null,
      status: 'active',
      version: 1,
    });
    expect(await eventsOf(person.id)).toEqual(['person.created']);
    const below = await createPerson({ node_id: org.siteId });
    expect(below.node_id).toBe(org.siteId);
  });

  test('keeps the name out of the event log', async () => {
    const person = await createPerson({
      display_name: 'Unmistakable Name',
      external_ref: 'ref-log',
    });
    const answer = await ask('GET', `/v1/events?subject_id=${person.id}`);
    expect(answer.text).not.toContain('Unmistakable');
    expect(answer.text).not.toContain('ref-log');
  });

  test('cannot take a reference that another has, and takes the same in another organization', async () => {
    await createPerson({ external_ref: 'E-1' });
    const again = await ask('POST', '/v1/people', {
      body: { display_name: 'B', external_ref: 'E-1' },
    });
    expect(again.status).toBe(409);
    expect(again.json()).toMatchObject({
      code: 'already_exists',
      errors: [{ pointer: '/external_ref' }],
    });
    const elsewhere = { body: { display_name: 'C', external_ref: 'E-1' }, key: other.apiKey };
    expect((await ask('POST', '/v1/people', elsewhere)).status).toBe(201);
  });

  test.each<[string, object, string]>([
    ['no name', {}, '/display_name'],
    ['an empty name', { display_name: '  ' }, '/display_name'],
    ['a name too long', { display_name: 'x'.repeat(201) }, '/display_name'],
    ['an unknown field', { display_name: 'A', birthday: '2000-01-01' }, '/birthday'],
    ['a reference that is a number', { display_name: 'A', external_ref: 7 }, '/external_ref'],
  ])('is refused with %s', async (_name, body, pointer) => {
    const answer = await ask('POST', '/v1/people', { body });
    expect(answer.status).toBe(422);
    expect(answer.json().errors[0].pointer).toBe(pointer);
  });

  test('cannot be put under a node that is not there or not ours', async () => {
    for (const nodeId of [other.siteId, 'nod_00000000000000000000000000']) {
      const body = { display_name: 'A', node_id: nodeId };
      const answer = await ask('POST', '/v1/people', { body });
      expect(answer.status).toBe(404);
    }
  });

  test('answers the same 404 for a foreign id as for a missing one', async () => {
    const person = await createPerson();
    const foreign = await ask('GET', `/v1/people/${person.id}`, { key: other.apiKey });
    const missing = await ask('GET', `/v1/people/${person.id.slice(0, -1)}0`, {
      key: other.apiKey,
    });
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(foreign.json().code).toBe(missing.json().code);
  });

  test('is changed for the version that was read, and for no other', async () => {
    const person = await createPerson();
    const path = `/v1/people/${person.id}`;
    const body = { display_name: 'Ana Maria' };
    expect((await ask('PATCH', path, { body })).status).toBe(428);
    const changed = await ask('PATCH', path, { body, headers: { 'if-match': '"1"' } });
    expect(changed.json()).toMatchObject({ display_name: 'Ana Maria', version: 2 });
    const late = await ask('PATCH', path, { body, headers: { 'if-match': '"1"' } });
    expect(late.status).toBe(412);
    const nothing = await ask('PATCH', path, { body: {}, headers: { 'if-match': '"2"' } });
    expect(nothing.status).toBe(422);
    expect(await eventsOf(person.id)).toEqual(['person.created', 'person.updated']);
  });

  test('cannot be moved to another organization, nor to a taken reference', async () => {
    const person = await createPerson();
    await createPerson({ external_ref: 'E-taken' });
    const headers = { 'if-match': '"1"' };
    const path = `/v1/people/${person.id}`;
    const moved = await ask('PATCH', path, { body: { node_id: other.siteId }, headers });
    expect(moved.status).toBe(404);
    const taken = await ask('PATCH', path, { body: { external_ref: 'E-taken' }, headers });
    expect(taken.status).toBe(409);
    expect((await ask('GET', path)).json()).toEqual(person);
  });

  test('is created once for one Idempotency-Key', async () => {
    const headers = { 'idempotency-key': 'person-once' };
    const body = { display_name: 'Once' };
    const first = await ask('POST', '/v1/people', { body, headers });
    const second = await ask('POST', '/v1/people', { body, headers });
    expect(second.json()).toEqual(first.json());
  });

  test('is listed in pages, each once, and only within reach', async () => {
    const mine = await database.seedOrganization('Paged');
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) {
      const answer = await ask('POST', '/v1/people', {
        body: { display_name: `P${index}` },
        key: mine.apiKey,
      });
      ids.push(answer.json().id);
    }
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await ask('GET', `/v1/people?limit=2${cursor}`, { key: mine.apiKey });
      seen.push(...page.json().data.map((person: { id: string }) => person.id));
      cursor = page.json().has_more ? `&cursor=${page.json().next_cursor}` : '';
    } while (cursor !== '');
    expect(seen).toEqual(ids);
  });
});

describe('a consent', () => {
  test('is recorded and told', async () => {
    const person = await createPerson();
    const answer = await ask('POST', `/v1/people/${person.id}/consents`, { body: CONSENT });
    expect(answer.status).toBe(201);
    const consent = answer.json();
    expect(consent).toMatchObject({
      ...CONSENT,
      given_at: '2026-11-01T08:00:00.000Z',
      person_id: person.id,
      withdrawn_at: null,
    });
    expect(await eventsOf(consent.id)).toEqual(['consent.recorded']);
  });

  test.each<[string, object, string]>([
    ['from the future', { given_at: '2999-01-01T00:00:00Z' }, '/given_at'],
    ['without a time zone', { given_at: '2026-11-01T08:00:00' }, '/given_at'],
    ['for an unknown purpose', { purpose: 'marketing' }, '/purpose'],
    ['without the wording', { text_version: '' }, '/text_version'],
    ['by a method in free text', { method: 'He said yes' }, '/method'],
  ])('is refused %s', async (_name, changed, pointer) => {
    const person = await createPerson();
    const body = { ...CONSENT, ...changed };
    const answer = await ask('POST', `/v1/people/${person.id}/consents`, { body });
    expect(answer.status).toBe(422);
    expect(answer.json().errors[0].pointer).toBe(pointer);
    expect((await ask('GET', `/v1/people/${person.id}/consents`)).json().data).toEqual([]);
  });

  test('is withdrawn once; again changes nothing and tells nothing', async () => {
    const person = await createPerson();
    const path = `/v1/people/${person.id}/consents`;
    const { id } = (await ask('POST', path, { body: CONSENT })).json();
    const first = await ask('POST', `${path}/${id}/withdraw`);
    expect(first.json().withdrawn_at).not.toBeNull();
    const second = await ask('POST', `${path}/${id}/withdraw`);
    expect(second.json()).toEqual(first.json());
    expect(await eventsOf(id)).toEqual(['consent.recorded', 'consent.withdrawn']);
  });

  test('of another person is not found here', async () => {
    const [ana, ben] = [await createPerson(), await createPerson()];
    const { id } = (await ask('POST', `/v1/people/${ana.id}/consents`, { body: CONSENT })).json();
    const answer = await ask('POST', `/v1/people/${ben.id}/consents/${id}/withdraw`);
    expect(answer.status).toBe(404);
  });
});
