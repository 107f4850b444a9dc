import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { nodeScope } from '../../../server/domains/access/index.ts';
import { createAudit, createChangeFeed, tell } from '../../../server/domains/audit/index.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';

const database = useTestDatabase();
let http: TestHttp;
beforeAll(async () => {
  const deps = database.deps();
  http = await startTestHttp(deps, { routes: createAudit(deps, nodeScope).routes });
});
afterAll(() => http.close());

interface Seen {
  type: string;
  subject: { id: string };
}

async function happen(org: SeededOrganization, subject: string, nodeId?: string): Promise<void> {
  await transaction(database.databases().org(org.orgId), (tx) =>
    tell(database.deps(), tx, {
      type: 'thing.happened',
      subject: { kind: 'thing', id: subject },
      ...(nodeId === undefined ? {} : { nodeId }),
      actor: { kind: 'system', id: 'test' },
      data: { n: 1 },
      traceId: 't'.repeat(32),
    }),
  );
}

describe('/v1/events', () => {
  test('shows what happened, oldest first, by whom, with its trace', async () => {
    const org = await database.seedOrganization();
    await happen(org, 'one', org.siteId);
    const response = await http.request('GET', '/v1/events', { key: org.apiKey });
    const { data } = response.json();
    expect(data.map((event: Seen) => event.type)).toEqual([
      'organization.created',
      'api_key.created',
      'node.created',
      'thing.happened',
    ]);
    expect(data.at(-1)).toMatchObject({
      subject: { kind: 'thing', id: 'one' },
      node_id: org.siteId,
      actor: { kind: 'system', id: 'test' },
      data: { n: 1 },
      trace_id: 't'.repeat(32),
    });
  });

  test('is filtered by type and by subject', async () => {
    const org = await database.seedOrganization();
    await happen(org, 'one');
    await happen(org, 'two');
    const of = async (query: string): Promise<string[]> =>
      (await http.request('GET', `/v1/events?${query}`, { key: org.apiKey }))
        .json()
        .data.map((event: Seen) => event.subject.id);
    expect(await of('type=thing.happened')).toEqual(['one', 'two']);
    expect(await of('subject_id=two')).toEqual(['two']);
  });

  test('can be followed: the last cursor of an exhausted log finds what comes later', async () => {
    const org = await database.seedOrganization();
    const first = (await http.request('GET', '/v1/events', { key: org.apiKey })).json();
    expect(first.has_more).toBe(false);
    const follow = async (): Promise<{ data: Seen[]; next_cursor: string }> =>
      (
        await http.request('GET', `/v1/events?cursor=${first.next_cursor}`, { key: org.apiKey })
      ).json();
    const nothing = await follow();
    expect([nothing.data, nothing.next_cursor]).toEqual([[], first.next_cursor]);
    await happen(org, 'later');
    expect((await follow()).data.map((event) => event.subject.id)).toEqual(['later']);
  });

  test('shows a key of one site only that site, and nothing of the organization above', async () => {
    const org = await database.seedOrganization();
    const made = await http.request('POST', '/v1/api-keys', {
      key: org.apiKey,
      body: { name: 'Site', node_id: org.siteId, scopes: ['event.read'] },
    });
    await happen(org, 'here', org.siteId);
    await happen(org, 'above', org.rootNodeId);
    await happen(org, 'nowhere');
    const seen = (await http.request('GET', '/v1/events', { key: made.json().secret })).json();
    expect(seen.data.map((event: Seen) => event.type)).toEqual([
      'node.created',
      'api_key.created',
      'thing.happened',
    ]);
  });

  test('shows nothing of another organization', async () => {
    const [mine, theirs] = [await database.seedOrganization(), await database.seedOrganization()];
    await happen(theirs, 'foreign');
    const seen = await http.request('GET', '/v1/events', { key: mine.apiKey });
    expect(seen.text).not.toContain('foreign');
  });
});

describe('the gap rule', () => {
  test('a reader that follows positions misses nothing of thirty concurrent writers', async () => {
    const org = await database.seedOrganization();
    const feed = createChangeFeed(database.databases().engine);
    const seen: string[] = [];
    let afterPos = 0;
    const read = async (): Promise<void> => {
      const { changes } = await feed.readChanges({ types: ['thing.happened'], afterPos, limit: 7 });
      for (const change of changes.filter((each) => each.orgId === org.orgId))
        seen.push(change.subjectId);
      afterPos = changes.at(-1)?.pos ?? afterPos;
    };
    const wanted = Array.from({ length: 30 }, (_unused, index) => `s${index}`);
    const writers = wanted.map((subject) => happen(org, subject));
    for (const writer of writers) await Promise.all([read(), writer]);
    for (let quiet = 0; quiet < 5;) {
      const before = seen.length;
      await read();
      quiet = seen.length === before ? quiet + 1 : 0;
    }
    expect(seen.toSorted()).toEqual(wanted.toSorted());
  });

  test('an event whose transaction rolled back is never seen', async () => {
    const org = await database.seedOrganization();
    const failed = transaction(database.databases().org(org.orgId), async (tx) => {
      await tell(database.deps(), tx, {
        type: 'thing.undone',
        subject: { kind: 'thing', id: 'undone' },
        actor: { kind: 'system', id: 'test' },
        data: {},
      });
      throw new Error('undo');
    });
    await expect(failed).rejects.toThrow('undo');
    const seen = await http.request('GET', '/v1/events?type=thing.undone', { key: org.apiKey });
    expect(seen.json().data).toEqual([]);
  });
});
