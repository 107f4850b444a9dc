// What becomes of a message by how its attempt ended: retry, death, doubt; and the breaker of its
// destination. Times are short and waits are for conditions.

import { describe, expect, test } from '@jest/globals';
import { tell } from '../../../server/domains/audit/index.ts';
import { useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import {
  count,
  emptied,
  makeOrganization,
  answered,
  notSent,
  put,
  type Script,
  unknown,
  useBenches,
} from './workbench.ts';

const db = useTestDatabase();
const open = useBenches(db);

describe('retry', () => {
  test('comes back until it works, and every attempt is written down', async () => {
    let tries = 0;
    const bench = await open(
      {
        send: async () => ((tries += 1) < 4 ? notSent() : answered()),
        settle: async (_tx, _message, sent) =>
          sent.kind === 'answered' ? { kind: 'done' } : { kind: 'retry', reason: sent.reason },
      },
      { destinations: { test: { failuresToOpen: 100 } } },
    );
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'again' });
    await emptied(db.databases());
    expect(tries).toBe(4);
    expect(
      await count(db.databases(), 'outbox_attempt', `uid = 'again' and outcome = 'retry'`),
    ).toBe(3);
    expect(await count(db.databases(), 'outbox_retry')).toBe(0);
  });

  test('does not come before the time the other side asked for', async () => {
    const sentAt: number[] = [];
    const bench = await open({
      send: async () => {
        sentAt.push(performance.now());
        return sentAt.length === 1 ? { kind: 'answered', answer: 'busy', status: 429 } : answered();
      },
      settle: async (_tx, _message, sent) =>
        sent.kind === 'answered' && sent.status === 429
          ? { kind: 'retry', reason: 'too many', afterMs: 200 }
          : { kind: 'done' },
    });
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'floor' });
    await emptied(db.databases());
    expect((sentAt[1] ?? 0) - (sentAt[0] ?? 0)).toBeGreaterThanOrEqual(199);
  });

  test('ends as a dead letter with its reason when the attempts are used up', async () => {
    const bench = await open(
      {
        send: async () => notSent(),
        settle: async () => ({ kind: 'retry', reason: 'still refused' }),
      },
      { settings: { attemptsMax: 3 }, destinations: { test: { failuresToOpen: 100 } } },
    );
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'hopeless', aggregate: 'x' });
    await emptied(db.databases());
    const dead = `uid = 'hopeless' and attempts = 3 and reason like '3 attempts%still refused'`;
    expect(await count(db.databases(), 'outbox_dead', dead)).toBe(1);
    expect(bench.counted.died).toBe(1);
  });

  test('a handler that throws before sending is tried again and never buried', async () => {
    let throws = 6;
    const bench = await open(
      {
        prepare: async (_tx, message) => {
          if ((throws -= 1) >= 0) throw new Error('a defect of ours');
          return { kind: 'send', request: message.uid };
        },
      },
      { settings: { attemptsMax: 2, doubtsToEscalate: 2 } },
    );
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'defect' });
    await emptied(db.databases());
    expect(bench.sent()).toEqual(['defect']);
    expect(bench.counted.escalated).toBe(2); // at 2 and at 4 failures
  });
});

describe('an outcome that is unknown', () => {
  test('stays in doubt over restarts, is looked up and never buried', async () => {
    let lookups = 0;
    const script: Script = {
      send: async (message) => (message.attempt === 1 ? unknown() : answered()),
      settle: async (_tx, message) => {
        if (message.attempt === 1) return { kind: 'indeterminate', reason: 'no reply' };
        return (lookups += 1) < 6
          ? { kind: 'indeterminate', reason: 'not found yet' }
          : { kind: 'done' };
      },
    };
    const options = { settings: { attemptsMax: 2, doubtsToEscalate: 2 } };
    const first = await open(script, options);
    const orgId = await makeOrganization(first.deps);
    await first.outbox.start();
    await put(first.deps, orgId, { uid: 'doubt' });
    await until('three look-ups', () => lookups >= 3);
    await first.outbox.stop(1_000);
    expect(await count(db.databases(), 'outbox_retry', `state = 'indeterminate'`)).toBe(1);
    const second = await open(script, options);
    await second.outbox.start();
    await emptied(db.databases());
    expect(await count(db.databases(), 'outbox_dead', `uid = 'doubt'`)).toBe(0);
    expect(first.counted.escalated + second.counted.escalated).toBeGreaterThanOrEqual(2);
    const rows = `uid = 'doubt' and outcome = 'indeterminate'`;
    expect(await count(db.databases(), 'outbox_attempt', rows)).toBe(6);
  });

  test('is also what a settlement that fails leaves behind, with its effect rolled back', async () => {
    let fails = true;
    const bench = await open({
      settle: async (tx, message) => {
        await tell(bench.deps, tx, {
          type: 'test.settled',
          subject: { kind: 'test', id: message.uid },
          actor: { kind: 'system', id: 'test' },
          data: {},
        });
        if (fails) throw new Error('the database said no');
        return { kind: 'done' };
      },
    });
    const orgId = await makeOrganization(bench.deps);
    const told = async (): Promise<number> => count(db.databases(), 'event', `subject_id = 'half'`);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'half' });
    const doubtful = `state = 'indeterminate' and last_error like '%said no%'`;
    await until(
      'the doubt',
      async () => (await count(db.databases(), 'outbox_retry', doubtful)) === 1,
    );
    expect(await told()).toBe(0);
    fails = false;
    await emptied(db.databases());
    expect(await told()).toBe(1);
  });

  test('is what a send becomes that takes too long, heeding its signal or not', async () => {
    const bench = await open(
      {
        send: (message) =>
          message.attempt === 1 ? new Promise(() => undefined) : Promise.resolve(answered()),
        settle: async (_tx, _message, sent) =>
          sent.kind === 'unknown'
            ? { kind: 'indeterminate', reason: sent.reason }
            : { kind: 'done' },
      },
      { destinations: { test: { sendTimeoutMs: 50 } } },
    );
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'deaf' });
    await emptied(db.databases());
    const rows = `uid = 'deaf' and outcome = 'indeterminate' and detail like '%longer than 50 ms%'`;
    expect(await count(db.databases(), 'outbox_attempt', rows)).toBe(1);
  });
});

describe('the breaker of a destination', () => {
  test('opens after failures in a row, probes with one message, and lets the backlog go', async () => {
    let up = false;
    let open_ = 0;
    let openMax = 0;
    const states: string[] = [];
    const bench = await open(
      {
        send: async () => {
          openMax = Math.max(openMax, (open_ += 1));
          await new Promise((resolve) => setImmediate(resolve));
          open_ -= 1;
          return up ? answered() : notSent();
        },
        settle: async (_tx, _message, sent) =>
          sent.kind === 'answered' ? { kind: 'done' } : { kind: 'retry', reason: sent.reason },
      },
      {
        destinations: { test: { failuresToOpen: 3, openMs: 40, openMsMax: 40, inflightMax: 4 } },
        settings: { attemptsMax: 6 },
        onBreaker: (_id, state) => states.push(state),
      },
    );
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    for (let n = 0; n < 12; n += 1) await put(bench.deps, orgId, { uid: `m${n}` });
    await until('several probes', () => states.filter((state) => state === 'half_open').length > 8);
    // Far more probes than attempts allowed, and nothing has died of them.
    expect(bench.counted.died).toBe(0);
    expect(bench.outbox.health('test')).toMatchObject({ reachable: false });
    expect(await count(db.databases(), 'outbox_dest', `id = 'test' and breaker <> 'closed'`)).toBe(
      1,
    );
    openMax = 0;
    up = true;
    await emptied(db.databases());
    expect(bench.counted.died).toBe(0);
    expect(openMax).toBeLessThanOrEqual(4);
    expect(states.at(-1)).toBe('closed');
    expect(bench.outbox.health('test')).toMatchObject({ reachable: true, breaker: 'closed' });
    expect(states.slice(0, 3)).toEqual(['open', 'half_open', 'open']);
  });

  test('of one destination does not hold another', async () => {
    const bench = await open(
      {
        send: async (message) => (message.uid.startsWith('bad') ? notSent() : answered()),
        settle: async (_tx, _message, sent) =>
          sent.kind === 'answered' ? { kind: 'done' } : { kind: 'retry', reason: sent.reason },
      },
      {
        destinations: { test: {}, other: { failuresToOpen: 1, openMs: 60_000, openMsMax: 60_000 } },
      },
    );
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'bad', destination: 'other' });
    await until('the breaker', () => bench.outbox.health('other').breaker === 'open');
    await put(bench.deps, orgId, { uid: 'good' });
    await until('the other destination', () => bench.sent().includes('good'));
    expect(bench.outbox.health('test').breaker).toBe('closed');
  });

  test('is known to a process that only watches', async () => {
    const bench = await open(
      { send: async () => notSent(), settle: async () => ({ kind: 'retry', reason: 'down' }) },
      { destinations: { test: { failuresToOpen: 1, openMs: 60_000, openMsMax: 60_000 } } },
    );
    const watcher = await open({});
    await watcher.outbox.watch();
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'down' });
    await until('the news', () => watcher.outbox.health('test').breaker === 'open');
    expect(watcher.outbox.health('test')).toMatchObject({
      reachable: false,
      lastError: 'connecting: ECONNREFUSED',
    });
  });
});
