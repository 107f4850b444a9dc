import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { tell } from '../../../server/domains/audit/index.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { TwinFound, wrapDatabase } from '../../../server/platform/http/idempotency.ts';
import { holdKey } from '../../../server/platform/http/store-idempotency.ts';
import { purgeIdempotency } from '../../../server/platform/http/index.ts';
import { type AnyRoute, route } from '../../../server/platform/http/route.ts';
import { AppError, notFound } from '../../../server/shared/errors.ts';
import { DAY_MS } from '../../../server/shared/instant.ts';
import { type SeededOrganization, useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp, type TestResponse } from '../../support/http.ts';

const database = useTestDatabase();
let http: TestHttp;
let org: SeededOrganization;
/** What the route's verb does next. */
let mood:
  | 'fine'
  | 'gone'
  | 'refuse'
  | 'break'
  | 'no transaction'
  | 'other value'
  | 'two transactions' = 'fine';

beforeAll(async () => {
  http = await startTestHttp(database.deps(), { routes: routes() });
  org = await database.seedOrganization();
});
afterAll(() => http.close());

function routes(): readonly AnyRoute[] {
  const deps = database.deps();
  return [
    route({
      operationId: 'makeThing',
      method: 'POST',
      path: '/v1/things',
      summary: 'Make a thing',
      tag: 'Things',
      action: 'node.create',
      resource: 'none',
      idempotency: 'required',
      problems: ['not_found'],
      body: z.object({ name: z.string().max(20) }),
      answer: z.object({
        id: z.string(),
        name: z.string(),
        code: z.string().nullable().meta({ secret: true }),
      }),
      status: 201,
      run: async ({ db, body, caller }) => {
        const makeOne = (): Promise<{ id: string; name: string }> =>
          transaction(db, async (tx) => {
            const id = await tell(deps, tx, {
              type: 'thing.made',
              subject: { kind: 'thing', id: body.name },
              actor: { kind: 'api_key', id: caller.credentialId },
              data: {},
            });
            if (mood === 'refuse') throw new AppError('conflict', 'Not now.');
            if (mood === 'break') throw new Error('broken');
            return { id, name: body.name };
          });
        if (mood === 'gone') throw notFound('thing', body.name);
        if (mood === 'no transaction') return { id: 'none', name: body.name };
        const made = await makeOne();
        if (mood === 'two transactions') await makeOne();
        return mood === 'other value' ? { ...made } : made;
      },
      present: (thing) => ({ ...thing, code: 'only-once' }),
      versionOf: () => 1,
      locationOf: (thing) => `/v1/things/${thing.id}`,
    }),
  ];
}

function make(key: string | null, name: string): Promise<TestResponse> {
  return http.request('POST', '/v1/things', {
    key: org.apiKey,
    body: { name },
    headers: key === null ? {} : { 'idempotency-key': key },
  });
}

async function effects(name: string): Promise<number> {
  const rows = await database
    .databases()
    .org(org.orgId)
    .query(`select id from event where org_id = $1 and type = 'thing.made' and subject_id = $2`, [
      org.orgId,
      name,
    ]);
  return rows.length;
}

async function records(): Promise<number> {
  const db = database.databases().org(org.orgId);
  return (await db.query('select 1 as one from idempotency where org_id = $1', [org.orgId])).length;
}

describe('the same key again', () => {
  test('answers the stored status, headers and body, and has no second effect', async () => {
    const first = await make('again', 'again');
    const second = await make('again', 'again');
    expect(first.status).toBe(201);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect(second.status).toBe(201);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.headers['location']).toBe(first.headers['location']);
    expect(second.headers['etag']).toBe('"1"');
    expect(second.json().id).toBe(first.json().id);
    expect(await effects('again')).toBe(1);
  });

  test('in quotes is the same key', async () => {
    const bare = await make('a-key', 'quoted');
    const quoted = await make('"a-key"', 'quoted');
    expect(quoted.json().id).toBe(bare.json().id);
  });

  test('answers null where the first answer showed a secret', async () => {
    expect((await make('secret', 'secret')).json().code).toBe('only-once');
    expect((await make('secret', 'secret')).json().code).toBeNull();
    const rows = await database
      .databases()
      .org(org.orgId)
      .query('select * from idempotency where org_id = $1', [org.orgId]);
    expect(JSON.stringify(rows)).not.toContain('only-once');
  });

  test('with another body is refused, and says how to go on', async () => {
    await make('reused', 'one');
    const other = await make('reused', 'two');
    expect(other.status).toBe(422);
    expect(other.json()).toMatchObject({ code: 'idempotency_key_reused', retryable: false });
    expect(await effects('two')).toBe(0);
  });

  test('of another principal is another key', async () => {
    const other = await database.seedOrganization();
    const mine = await make('shared', 'shared');
    const theirs = await http.request('POST', '/v1/things', {
      key: other.apiKey,
      body: { name: 'shared' },
      headers: { 'idempotency-key': 'shared' },
    });
    expect(theirs.headers['idempotent-replayed']).toBeUndefined();
    expect(theirs.json().id).not.toBe(mine.json().id);
  });

  test('is forgotten after its days, by the next request and by the purge', async () => {
    const first = await make('old', 'old');
    database.world().clock.advance(8 * DAY_MS);
    const later = await make('old', 'old');
    expect(later.headers['idempotent-replayed']).toBeUndefined();
    expect(later.json().id).not.toBe(first.json().id);
    const purged = await purgeIdempotency(database.databases().engine, database.world().clock);
    expect(purged).toBeGreaterThan(1);
    expect(await records()).toBe(1);
    expect((await make('old', 'old')).headers['idempotent-replayed']).toBe('true');
  });
});

describe('twins at the same moment', () => {
  test('ten of them have one effect and ten equal answers', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => make('twins', 'twins')));
    expect(answers.map((answer) => answer.status)).toEqual(Array(10).fill(201));
    expect(new Set(answers.map((answer) => answer.json().id)).size).toBe(1);
    const replayed = answers.filter((answer) => answer.headers['idempotent-replayed'] === 'true');
    expect(replayed).toHaveLength(9);
    expect(await effects('twins')).toBe(1);
  });

  test('ten transactions begun in one tick claim the key once; the others find their twin', async () => {
    const deps = database.deps();
    const db = database.databases().org(org.orgId);
    const request = { principalId: org.caller.principalId, key: 'one-tick', fingerprint: 'f' };
    const answer = { status: 201, headers: {}, body: '{}' };
    const attempts = Array.from({ length: 10 }, () => {
      const wrapped = wrapDatabase(db, request, {
        clock: deps.world.clock,
        days: 7,
        answerOf: () => ({ shown: answer, kept: answer }),
      });
      return transaction(wrapped.db, (tx) =>
        tell(deps, tx, {
          type: 'thing.made',
          subject: { kind: 'thing', id: 'one-tick' },
          actor: { kind: 'system', id: 'test' },
          data: {},
        }),
      );
    });
    const results = await Promise.allSettled(attempts);
    const lost = results.filter((result) => result.status === 'rejected');
    expect(lost.map((result) => result.reason)).toEqual(Array(9).fill(expect.any(TwinFound)));
    expect(await effects('one-tick')).toBe(1);
  });

  test('a key whose transaction stays open is 409 with Retry-After; where there is one writer, none does', async () => {
    const db = database.databases().org(org.orgId);
    const request = { principalId: org.caller.principalId, key: 'open' };
    if (db.dialect.holdName === null) return expect(database.database().kind).toBe('sqlite');
    const answer = await transaction(db, async (tx) => {
      holdKey(tx, request);
      await tx.query('select 1');
      return make('open', 'open');
    });
    expect(answer.status).toBe(409);
    expect(answer.json()).toMatchObject({ code: 'idempotency_key_in_use', retryable: true });
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(await effects('open')).toBe(0);
    expect((await make('open', 'open')).status).toBe(201);
  }, 20_000);
});

describe('what would fail by now', () => {
  test('is answered as its twin was, where the verb fails before its transaction', async () => {
    const first = await make('late', 'late');
    mood = 'gone';
    const second = await make('late', 'late');
    const reused = await make('late', 'other');
    const fresh = await make('fresh', 'fresh');
    mood = 'fine';
    expect([second.status, second.json().id]).toEqual([201, first.json().id]);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(reused.json().code).toBe('idempotency_key_reused');
    expect(fresh.json().code).toBe('not_found');
  });
});

describe('what is not remembered', () => {
  test('a refusal of the verb: rolled back with its record, and the key may be tried again', async () => {
    const before = await records();
    mood = 'refuse';
    const refused = await make('refused', 'refused');
    mood = 'fine';
    expect(refused.status).toBe(409);
    expect(refused.json().code).toBe('conflict');
    expect(await records()).toBe(before);
    expect(await effects('refused')).toBe(0);
    expect((await make('refused', 'refused')).status).toBe(201);
  });

  test('a fault of ours: 500 without a word of the cause', async () => {
    const before = await records();
    mood = 'break';
    const broken = await make('broken', 'broken');
    mood = 'fine';
    expect(broken.status).toBe(500);
    expect(broken.text).not.toContain('broken"');
    expect(broken.json().code).toBe('internal');
    expect(await records()).toBe(before);
  });

  test('a request that fails validation', async () => {
    const before = await records();
    expect((await make('invalid', 'a name that is far too long')).status).toBe(422);
    expect(await records()).toBe(before);
    expect((await make('invalid', 'short')).status).toBe(201);
  });
});

describe('the header', () => {
  test('is asked for where it is required', async () => {
    const answer = await make(null, 'x');
    expect(answer.status).toBe(400);
    expect(answer.json().code).toBe('idempotency_key_missing');
  });

  test.each([
    ['longer than 255 characters', 'k'.repeat(256)],
    ['empty in quotes', '""'],
    ['with a space', 'a b'],
  ])('is refused when %s', async (_name, key) => {
    const answer = await make(key, 'x');
    expect(answer.status).toBe(400);
    expect(answer.json().code).toBe('invalid_request');
  });

  test('of 255 characters is accepted', async () => {
    expect((await make('k'.repeat(255), 'x')).status).toBe(201);
  });
});

describe('a route that breaks the contract is a fault of ours and leaves nothing behind', () => {
  test.each(['no transaction', 'other value', 'two transactions'] as const)('%s', async (fault) => {
    mood = fault;
    const answer = await make(`contract ${fault}`.replaceAll(' ', '-'), fault);
    mood = 'fine';
    expect(answer.status).toBe(500);
  });
});
