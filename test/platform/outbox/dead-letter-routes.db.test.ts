import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { tellRetried } from '../../../server/compose-questions.ts';
import { deadLetterRoutes } from '../../../server/platform/outbox/dead-letter-routes.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp, type TestResponse } from '../../support/http.ts';
import { type Bench, createBench, emptied, put } from './workbench.ts';

const database = useTestDatabase();
let bench: Bench;
let http: TestHttp;
let org: SeededOrganization;

beforeAll(async () => {
  const deps = database.deps();
  http = await startTestHttp(deps, { routes: deadLetterRoutes(deps, tellRetried(deps)) });
});
afterAll(() => http.close());
afterEach(() => bench.outbox.stop(1_000));

/** An organization with so many letters that died at their first try, and work at the second. */
async function openWithDead(count: number): Promise<void> {
  bench = createBench(database.deps(), {
    settle: async (_tx, { attempt }) =>
      attempt === 1 ? { kind: 'dead', reason: 'it says no' } : { kind: 'done' },
  });
  await bench.outbox.prepare();
  org = await database.seedOrganization();
  await bench.outbox.start();
  for (let n = 0; n < count; n += 1) await put(bench.deps, org.orgId, { uid: `letter-${n}` });
  await emptied(database.databases());
}

const ask = (method: string, path: string, key = org.apiKey, idempotencyKey?: string) =>
  http.request(method, path, {
    key,
    ...(idempotencyKey === undefined ? {} : { headers: { 'idempotency-key': idempotencyKey } }),
  });
const list = (answer: TestResponse): { id: string; uid: string }[] => answer.json().data;

describe('dead letters', () => {
  test('are listed page by page, with the reason, to their organization only', async () => {
    await openWithDead(3);
    const first = await ask('GET', '/v1/dead-letters?limit=2');
    expect(list(first)).toMatchObject([
      { uid: 'letter-0', attempts: 1, reason: 'it says no' },
      { uid: 'letter-1' },
    ]);
    const cursor = String(first.json().next_cursor);
    const rest = await ask('GET', `/v1/dead-letters?limit=2&cursor=${encodeURIComponent(cursor)}`);
    expect(list(rest)).toMatchObject([{ uid: 'letter-2' }]);
    const other = await database.seedOrganization('Foreign');
    expect(list(await ask('GET', '/v1/dead-letters', other.apiKey))).toEqual([]);
  });

  test('are retried once, also when the request is, and the event says who wanted it', async () => {
    await openWithDead(1);
    const [letter] = list(await ask('GET', '/v1/dead-letters'));
    const path = `/v1/dead-letters/${letter?.id}/retry`;
    const retried = await ask('POST', path, org.apiKey, 'retry-1');
    expect([retried.status, retried.json().uid]).toEqual([202, 'letter-0']);
    expect((await ask('POST', path, org.apiKey, 'retry-1')).text).toBe(retried.text);
    await emptied(database.databases());
    expect(bench.sent().filter((uid) => uid === 'letter-0')).toHaveLength(2);
    expect(list(await ask('GET', '/v1/dead-letters'))).toEqual([]);
    expect((await ask('POST', path)).status).toBe(404);
    const events = await database
      .databases()
      .org(org.orgId)
      .query(`select e.actor from event e where e.org_id = $1 and e.type = 'dead_letter.retried'`, [
        org.orgId,
      ]);
    expect(events).toHaveLength(1);
    expect(JSON.stringify(events)).toContain(org.caller.credentialId);
  });

  test('of another organization, or none, answer the same 404 and stay dead', async () => {
    await openWithDead(1);
    const [letter] = list(await ask('GET', '/v1/dead-letters'));
    const other = await database.seedOrganization('Foreign');
    const foreign = await ask('POST', `/v1/dead-letters/${letter?.id}/retry`, other.apiKey);
    const missing = await ask('POST', '/v1/dead-letters/999999/retry', other.apiKey);
    expect([foreign.status, missing.status]).toEqual([404, 404]);
    expect(foreign.json().code).toBe(missing.json().code);
    for (const id of ['0', '-1', '1e3', 'x', '99999999999999999999'])
      expect((await ask('POST', `/v1/dead-letters/${id}/retry`)).status).toBe(404);
    expect(list(await ask('GET', '/v1/dead-letters'))).toHaveLength(1);
  });
});
