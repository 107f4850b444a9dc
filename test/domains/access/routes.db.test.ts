import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';

const database = useTestDatabase();
let http: TestHttp;
beforeAll(async () => {
  http = await startTestHttp(database.deps());
});
afterAll(() => http.close());

describe('/v1/whoami', () => {
  test('says who the credential is', async () => {
    const { apiKey, orgId, rootNodeId } = await database.seedOrganization();
    const response = await http.request('GET', '/v1/whoami', { key: apiKey });
    expect(response.status).toBe(200);
    expect(response.json()).toMatchObject({ organization_id: orgId, node_ids: [rootNodeId] });
  });
});

describe('/v1/nodes', () => {
  test('puts a zone under a site and lists it', async () => {
    const { apiKey, siteId } = await database.seedOrganization();
    const made = await http.request('POST', '/v1/nodes', {
      key: apiKey,
      body: { parent_id: siteId, kind: 'zone', name: 'Lobby' },
    });
    expect(made.status).toBe(201);
    expect(made.headers['location']).toBe(`/v1/nodes/${made.json().id}`);
    const list = await http.request('GET', '/v1/nodes?kind=zone', { key: apiKey });
    expect(list.json()).toEqual({ data: [made.json()], has_more: false, next_cursor: null });
  });
});
