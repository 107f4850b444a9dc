import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';

const database = useTestDatabase();
let http: TestHttp;
let org: SeededOrganization;

beforeAll(async () => {
  http = await startTestHttp(database.deps(), { settings: { pageLimitMax: 6 } });
  org = await database.seedOrganization();
});
afterAll(() => http.close());

describe('pages of a list', () => {
  test('walk through everything once, with the default limit coerced down from above', async () => {
    const { apiKey, siteId } = await database.seedOrganization();
    for (let index = 0; index < 5; index += 1) {
      const body = { parent_id: siteId, kind: 'zone', name: `Zone ${index}` };
      expect((await http.request('POST', '/v1/nodes', { key: apiKey, body })).status).toBe(201);
    }
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`;
      const page = await http.request('GET', `/v1/nodes?kind=zone&limit=2${query}`, {
        key: apiKey,
      });
      expect(page.status).toBe(200);
      names.push(...page.json().data.map((node: { name: string }) => node.name));
      cursor = page.json().next_cursor;
      expect(page.json().has_more).toBe(cursor !== null);
    } while (cursor !== null);
    expect(names).toEqual([0, 1, 2, 3, 4].map((index) => `Zone ${index}`));
    const all = await http.request('GET', '/v1/nodes?limit=100000', { key: apiKey });
    expect([all.status, all.json().data.length, all.json().has_more]).toEqual([200, 6, true]);
  });

  test.each(['0', '-1', 'many', '1.5', ''])('a limit of %j is 400', async (limit) => {
    const response = await http.request('GET', `/v1/nodes?limit=${limit}`, { key: org.apiKey });
    expect([response.status, response.json().errors[0].pointer]).toEqual([400, '/query/limit']);
  });

  test('a cursor with other filters, or of another organization, is 400', async () => {
    const page = await http.request('GET', '/v1/nodes?limit=1', { key: org.apiKey });
    const cursor: string = page.json().next_cursor;
    const other = await database.seedOrganization();
    const filtered = await http.request('GET', `/v1/nodes?kind=site&cursor=${cursor}`, {
      key: org.apiKey,
    });
    const foreign = await http.request('GET', `/v1/nodes?cursor=${cursor}`, { key: other.apiKey });
    expect([filtered.status, filtered.json().code]).toEqual([400, 'invalid_cursor']);
    expect([foreign.status, foreign.json().code]).toEqual([400, 'invalid_cursor']);
  });
});
