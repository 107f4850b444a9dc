// The engine as a whole, over a real database: what a message goes through, order, loss, stop.
// Times are short and waits are for conditions.

import { describe, expect, test } from '@jest/globals';
import { transaction } from '../../../server/platform/database/database.ts';
import { enqueue } from '../../../server/platform/outbox/enqueue.ts';
import { useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import {
  count,
  emptied,
  makeOrganization,
  answered,
  notSent,
  put,
  unknown,
  useBenches,
  QUICK,
} from './workbench.ts';

const db = useTestDatabase();
const open = useBenches(db);

describe('a message', () => {
  test('is prepared, sent and settled, and leaves one row of history', async () => {
    const bench = await open({});
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'one', body: { payment: 'pay_1' } });
    await emptied(db.databases());
    expect(bench.steps).toEqual(['prepare:one', 'send:one', 'settle:one']);
    const history = `uid = 'one' and outcome = 'done' and status = 200 and attempt = 1`;
    expect(await count(db.databases(), 'outbox_attempt', history)).toBe(1);
    expect(await count(db.databases(), 'outbox_retry')).toBe(0);
  });

  test('finds its lane again after the lane was lost under the process', async () => {
    const bench = await open({});
    const orgId = await makeOrganization(bench.deps);
    await put(bench.deps, orgId, { uid: 'before' });
    await transaction(db.databases().engine, async (tx) => {
      for (const table of ['outbox_msg', 'outbox_lane'])
        await tx.execute(`delete from ${table} where org_id = $1`, [orgId]);
    });
    await expect(put(bench.deps, orgId, { uid: 'lost' })).rejects.toThrow();
    await put(bench.deps, orgId, { uid: 'after' });
    expect(await count(db.databases(), 'outbox_msg', `org_id = '${orgId}'`)).toBe(1);
  });

  test('is never seen when its transaction rolls back', async () => {
    const bench = await open({});
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    const failing = transaction(db.databases().org(orgId), async (tx) => {
      await enqueue(tx, bench.deps, {
        type: 'test.effect',
        destination: 'test',
        aggregate: 'a',
        uid: 'rolled-back',
        body: {},
      });
      throw new Error('the change was refused');
    });
    await expect(failing).rejects.toThrow('the change was refused');
    await put(bench.deps, orgId, { uid: 'kept' });
    await emptied(db.databases());
    expect(bench.sent()).toEqual(['kept']);
  });

  test('waits for its time', async () => {
    const bench = await open({});
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    const notBefore = bench.deps.world.clock.now() + 150;
    await put(bench.deps, orgId, { uid: 'later', notBefore });
    await put(bench.deps, orgId, { uid: 'now' });
    await emptied(db.databases());
    expect(bench.sent()).toEqual(['now', 'later']);
    expect(bench.deps.world.clock.now()).toBeGreaterThanOrEqual(notBefore);
  });

  test('for a destination that nobody declared is refused when it is written', async () => {
    const bench = await open({});
    const orgId = await makeOrganization(bench.deps);
    await expect(put(bench.deps, orgId, { uid: 'x', destination: 'nowhere' })).rejects.toThrow();
  });

  test('with a body that is a document is refused when it is written', async () => {
    const bench = await open({});
    const orgId = await makeOrganization(bench.deps);
    const body = { text: 'x'.repeat(20_000) };
    await expect(put(bench.deps, orgId, { uid: 'x', body })).rejects.toThrow('16384 characters');
  });

  test('of a type without a handler waits, with the reason', async () => {
    const bench = await open({});
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'strange', type: 'test.future' });
    const reason = `state = 'blocked' and last_error like '%test.future%'`;
    await until(
      'the reason',
      async () => (await count(db.databases(), 'outbox_retry', reason)) === 1,
    );
    expect(await count(db.databases(), 'outbox_msg')).toBe(1);
  });

  test('with several steps is prepared again at once, and no failure is counted', async () => {
    let steps = 0;
    const bench = await open(
      { settle: async () => ((steps += 1) < 4 ? { kind: 'continue' } : { kind: 'done' }) },
      { settings: { attemptsMax: 2, backoffBaseMs: 60_000 } },
    );
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'steps' });
    await emptied(db.databases());
    expect(bench.sent()).toHaveLength(4);
  });
});

describe('order', () => {
  test('holds within each aggregate under concurrent writers, failures and retries', async () => {
    const running = new Set<string>();
    const overlaps: string[] = [];
    const settled = new Map<string, number[]>();
    const bench = await open(
      {
        send: async (message) => {
          if (running.has(message.aggregate)) overlaps.push(message.uid);
          running.add(message.aggregate);
          await new Promise((resolve) => setImmediate(resolve));
          running.delete(message.aggregate);
          const draw = bench.deps.world.random.fraction();
          return draw < 0.15 ? notSent() : draw < 0.25 ? unknown() : answered();
        },
        settle: async (_tx, message, sent) => {
          if (sent.kind === 'not_sent') return { kind: 'retry', reason: sent.reason };
          if (sent.kind === 'unknown') return { kind: 'indeterminate', reason: sent.reason };
          const list = settled.get(message.aggregate) ?? [];
          settled.set(message.aggregate, [...list, (message.body as { n: number }).n]);
          return { kind: 'done' };
        },
      },
      {
        destinations: { test: { failuresToOpen: 1_000 } },
        settings: { attemptsMax: 1_000, aggregateHeldMax: 3, fetchMax: 7, heldMax: 40 },
      },
    );
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    const aggregates = Array.from({ length: 12 }, (_none, index) => `agg-${index}`);
    await Promise.all(
      aggregates.map(async (aggregate) => {
        for (let n = 0; n < 15; n += 1) {
          await put(bench.deps, orgId, { uid: `${aggregate}-${n}`, aggregate, body: { n } });
        }
      }),
    );
    await emptied(db.databases(), 30_000);
    const expected = Array.from({ length: 15 }, (_none, n) => n);
    for (const aggregate of aggregates) expect(settled.get(aggregate)).toEqual(expected);
    expect(overlaps).toEqual([]);
    expect(bench.counted.swept).toBe(0);
  });

  test('a blocked aggregate holds its own later messages and nobody else’s', async () => {
    let blocked = true;
    const bench = await open({
      prepare: async (_tx, message) =>
        blocked && message.uid === 'a1'
          ? { kind: 'blocked', reason: 'another operation is in doubt', afterMs: 20 }
          : { kind: 'send', request: message.uid },
    });
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    for (const uid of ['a1', 'a2', 'b1', 'b2']) {
      await put(bench.deps, orgId, { uid, aggregate: uid.slice(0, 1) });
    }
    await until('the other aggregate', () => bench.sent().length === 2);
    await until('a second look', () => bench.steps.filter((s) => s === 'prepare:a1').length >= 2);
    expect(bench.sent()).toEqual(['b1', 'b2']);
    expect(await count(db.databases(), 'outbox_attempt', `uid = 'a1'`)).toBe(0);
    blocked = false;
    await emptied(db.databases());
    expect(bench.sent()).toEqual(['b1', 'b2', 'a1', 'a2']);
  });
});

describe('nothing is lost', () => {
  test('when a number drawn early becomes visible long after later ones were handled', async () => {
    const bench = await open({});
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'opens-the-lane' });
    await emptied(db.databases());
    const early = transaction(db.databases().org(orgId), async (tx) => {
      const message = { type: 'test.effect', destination: 'test', aggregate: 'early', body: {} };
      await enqueue(tx, bench.deps, { ...message, uid: 'early' });
      // SQLite has one writer: nothing can overtake, and waiting here would only hold it up.
      if (db.database().kind === 'sqlite') return;
      const endMs = performance.now() + 5_000;
      while (!bench.sent().includes('late') && performance.now() < endMs)
        await tx.query('select 1');
      const marksMs = performance.now() + 10 * QUICK.pollMs; // the marks have every chance to pass it
      while (performance.now() < marksMs) await tx.query('select 1');
    });
    await put(bench.deps, orgId, { uid: 'late' });
    await early;
    await until('the early one', () => bench.sent().includes('early'));
    await emptied(db.databases());
    expect(bench.sent().toSorted()).toEqual(['early', 'late', 'opens-the-lane']);
    expect(bench.counted.swept).toBe(0);
  });

  test('with 24 writers whose transactions are slow, or roll back', async () => {
    const bench = await open({}, { settings: { fetchMax: 20 } });
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    const random = bench.deps.world.random;
    const committed: string[] = [];
    const writer = async (writerNumber: number): Promise<void> => {
      for (let n = 0; n < 12; n += 1) {
        const uid = `w${writerNumber}-${n}`;
        const rollBack = random.fraction() < 0.15;
        const statements = Math.floor(random.fraction() * 8);
        await transaction(db.databases().org(orgId), async (tx) => {
          const message = { type: 'test.effect', destination: 'test', aggregate: uid, body: {} };
          await enqueue(tx, bench.deps, { ...message, uid });
          // The number is drawn; others with higher numbers commit before this one.
          for (let slow = 0; slow < statements; slow += 1) await tx.query('select 1');
          if (rollBack) throw new Error('rolled back');
        }).then(
          () => committed.push(uid),
          (error: Error) => {
            if (error.message !== 'rolled back') throw error;
          },
        );
      }
    };
    await Promise.all(Array.from({ length: 24 }, (_none, index) => writer(index)));
    await emptied(db.databases(), 30_000);
    expect(bench.sent().toSorted()).toEqual(committed.toSorted());
    expect(committed.length).toBeGreaterThan(100);
    expect(bench.counted.swept).toBe(0);
  });
});

describe('a stop', () => {
  test('lets what is under way finish, starts nothing new, and hands the shards over at once', async () => {
    const gates: (() => void)[] = [];
    const bench = await open(
      { send: () => new Promise((resolve) => gates.push(() => resolve(answered()))) },
      { destinations: { test: { inflightMax: 2 } } },
    );
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    for (const uid of ['s1', 's2', 's3']) await put(bench.deps, orgId, { uid });
    await until('two sends', () => gates.length === 2);
    const stopped = bench.outbox.stop(5_000);
    for (const open_ of gates) open_();
    await stopped;
    expect(bench.sent()).toHaveLength(2);
    expect(await count(db.databases(), 'outbox_msg')).toBe(1);
    expect(await count(db.databases(), 'outbox_shard', 'owner is not null')).toBe(0);
    const next = await open({});
    await next.outbox.start();
    await emptied(db.databases(), 2_000); // far less than a lease
    expect(next.sent()).toEqual(['s3']);
  });

  test('aborts at its deadline, and the outcome is written down as unknown', async () => {
    const bench = await open({
      send: (_message, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => resolve(unknown('aborted'))),
        ),
      settle: async (_tx, _message, sent) =>
        sent.kind === 'unknown' ? { kind: 'indeterminate', reason: sent.reason } : { kind: 'done' },
    });
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'cut' });
    await until('the send', () => bench.sent().length === 1);
    await bench.outbox.stop(50);
    expect(await count(db.databases(), 'outbox_retry', `state = 'indeterminate'`)).toBe(1);
    expect(bench.outbox.health('test').reachable).toBe(true); // our stop is not the destination's fault
  });
});
