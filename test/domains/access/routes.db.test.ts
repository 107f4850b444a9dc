import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp, type TestResponse } from '../../support/http.ts';

const database = useTestDatabase();
let http: TestHttp;
beforeAll(async () => {
  http = await startTestHttp(database.deps());
});
afterAll(() => http.close());

async function makeKey(key: string, body: object): Promise<TestResponse> {
  return http.request('POST', '/v1/api-keys', { key, body: { name: 'Key', ...body } });
}

async function makeNode(key: string, body: object): Promise<TestResponse> {
  return http.request('POST', '/v1/nodes', { key, body: { name: 'Node', ...body } });
}

test('/v1/whoami says who the credential is', async () => {
  const { apiKey, orgId, rootNodeId } = await database.seedOrganization();
  const response = await http.request('GET', '/v1/whoami', { key: apiKey });
  expect(response.status).toBe(200);
  expect(response.json()).toMatchObject({ organization_id: orgId, node_ids: [rootNodeId] });
});

test('/v1/organization is the own one', async () => {
  const { apiKey, orgId, rootNodeId } = await database.seedOrganization('Harbour');
  const response = await http.request('GET', '/v1/organization', { key: apiKey });
  expect(response.json()).toMatchObject({ id: orgId, name: 'Harbour', root_node_id: rootNodeId });
});

describe('/v1/nodes', () => {
  test('puts a zone under a site and lists it', async () => {
    const { apiKey, siteId } = await database.seedOrganization();
    const made = await makeNode(apiKey, { parent_id: siteId, kind: 'zone' });
    expect(made.status).toBe(201);
    expect(made.headers['location']).toBe(`/v1/nodes/${made.json().id}`);
    const list = await http.request('GET', '/v1/nodes?kind=zone', { key: apiKey });
    expect(list.json()).toEqual({ data: [made.json()], has_more: false, next_cursor: null });
    const one = await http.request('GET', `/v1/nodes/${made.json().id}`, { key: apiKey });
    expect(one.json()).toEqual(made.json());
  });

  test('refuses a parent of the wrong kind, and says which would do', async () => {
    const { apiKey, rootNodeId } = await database.seedOrganization();
    const response = await makeNode(apiKey, { parent_id: rootNodeId, kind: 'zone' });
    expect(response.status).toBe(422);
    expect(response.json().detail).toContain('under site or zone');
  });

  test('is bounded in depth', async () => {
    const { apiKey, siteId } = await database.seedOrganization();
    let [parent, status] = [siteId, 201];
    let levels = 2;
    while (status === 201) {
      const made = await makeNode(apiKey, { parent_id: parent, kind: 'zone' });
      status = made.status;
      if (status === 201) {
        parent = made.json().id;
        levels += 1;
      }
    }
    expect([status, levels]).toEqual([429, 16]);
  });
});

/** The answer's bytes, with its two ids taken out. */
function anonymous(response: TestResponse, id: string): string {
  return response.text.replaceAll(id, 'ID').replaceAll(/req_[0-9a-z]+/g, 'REQ');
}

describe('a foreign id', () => {
  test('answers what a missing id answers, byte for byte but for the id', async () => {
    const mine = await database.seedOrganization();
    const theirs = await database.seedOrganization();
    const missing = 'nod_00000000000000000000000000';
    const read = (id: string): Promise<TestResponse> =>
      http.request('GET', `/v1/nodes/${id}`, { key: mine.apiKey });
    const create = (id: string): Promise<TestResponse> =>
      makeNode(mine.apiKey, { parent_id: id, kind: 'zone' });
    for (const ask of [read, create]) {
      const [foreign, absent] = [await ask(theirs.siteId), await ask(missing)];
      expect(foreign.status).toBe(404);
      expect(anonymous(foreign, theirs.siteId)).toBe(anonymous(absent, missing));
    }
  });
});

describe('a key bound to one site', () => {
  test('sees that site and what is below, and nothing beside or above', async () => {
    const { apiKey, rootNodeId, siteId } = await database.seedOrganization();
    const other = (await makeNode(apiKey, { parent_id: rootNodeId, kind: 'site' })).json();
    const zone = (await makeNode(apiKey, { parent_id: siteId, kind: 'zone' })).json();
    const bound = (await makeKey(apiKey, { node_id: siteId, scopes: ['*'] })).json().secret;
    const list = await http.request('GET', '/v1/nodes', { key: bound });
    const ids = list.json().data.map((node: { id: string }) => node.id);
    expect(new Set(ids)).toEqual(new Set([siteId, zone.id]));
    for (const id of [other.id, rootNodeId]) {
      expect((await http.request('GET', `/v1/nodes/${id}`, { key: bound })).status).toBe(404);
      expect((await makeNode(bound, { parent_id: id, kind: 'zone' })).status).toBe(404);
      expect((await makeKey(bound, { node_id: id, scopes: ['node.read'] })).status).toBe(404);
    }
  });
});

describe('/v1/api-keys', () => {
  test('shows the secret once; it works, and it is nowhere else', async () => {
    const { apiKey, siteId } = await database.seedOrganization();
    const made = await makeKey(apiKey, { node_id: siteId, scopes: ['node.read'] });
    const { id, secret } = made.json();
    expect(made.status).toBe(201);
    expect((await http.request('GET', '/v1/nodes', { key: secret })).status).toBe(200);
    const one = await http.request('GET', `/v1/api-keys/${id}`, { key: apiKey });
    const list = await http.request('GET', '/v1/api-keys', { key: apiKey });
    expect(one.json().prefix).toBe(secret.slice(0, 16));
    for (const response of [one, list]) expect(response.text).not.toContain(secret.slice(17, 49));
  });

  test('an action that the credential lacks is 403, and says which', async () => {
    const { apiKey, siteId } = await database.seedOrganization();
    const { secret } = (await makeKey(apiKey, { node_id: siteId, scopes: ['node.read'] })).json();
    const response = await makeNode(secret, { parent_id: siteId, kind: 'zone' });
    expect([response.status, response.json().code]).toEqual([403, 'forbidden']);
    expect(response.json().data).toEqual({ action: 'node.create' });
  });

  test('cannot give what its maker has not', async () => {
    const { apiKey, siteId } = await database.seedOrganization();
    const scopes = ['api_key.create', 'node.read'];
    const { secret } = (await makeKey(apiKey, { node_id: siteId, scopes })).json();
    for (const wanted of [['node.create'], ['*'], ['node.read', 'payment.refund']]) {
      const response = await makeKey(secret, { node_id: siteId, scopes: wanted });
      expect([wanted, response.status]).toEqual([wanted, 403]);
    }
    expect((await makeKey(secret, { node_id: siteId, scopes: ['node.read'] })).status).toBe(201);
  });

  test('rotates: a second key of the same principal, then the first is revoked', async () => {
    const { apiKey, siteId } = await database.seedOrganization();
    const first = (await makeKey(apiKey, { node_id: siteId, scopes: ['node.read'] })).json();
    const second = (
      await makeKey(apiKey, {
        node_id: siteId,
        scopes: ['node.read'],
        principal_id: first.principal_id,
      })
    ).json();
    expect(second.principal_id).toBe(first.principal_id);
    const revoked = await http.request('DELETE', `/v1/api-keys/${first.id}`, { key: apiKey });
    expect([revoked.status, revoked.json().status]).toEqual([200, 'revoked']);
    expect((await http.request('GET', '/v1/nodes', { key: first.secret })).status).toBe(401);
    expect((await http.request('GET', '/v1/nodes', { key: second.secret })).status).toBe(200);
    const again = await http.request('DELETE', `/v1/api-keys/${first.id}`, { key: apiKey });
    expect(again.json()).toEqual(revoked.json());
  });

  test.each([
    ['an unknown action', { scopes: ['node.eat'] }, '/scopes/0'],
    ['no action', { scopes: [] }, '/scopes'],
    ['too long a life', { scopes: ['*'], expires_in_days: 366 }, '/expires_in_days'],
  ])('refuses %s with its pointer', async (_name, body, pointer) => {
    const { apiKey, siteId } = await database.seedOrganization();
    const response = await makeKey(apiKey, { node_id: siteId, ...body });
    expect([response.status, response.json().errors[0].pointer]).toEqual([422, pointer]);
  });
});
