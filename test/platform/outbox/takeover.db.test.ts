// Two engines over one database: a worker that stalls is fenced, one that dies is replaced, and what it
// was doing is asked after before anything is sent again.

import { afterEach, describe, expect, test } from '@jest/globals';
import { tell } from '../../../server/domains/audit/index.ts';
import { transaction, type Tx } from '../../../server/platform/database/database.ts';
import type { Deps } from '../../../server/platform/deps.ts';
import type { Message, Sent } from '../../../server/platform/outbox/handler.ts';
import { useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import {
  type Bench,
  count,
  createBench,
  emptied,
  makeOrganization,
  put,
  type Script,
} from './workbench.ts';

const db = useTestDatabase();
let benches: Bench[] = [];

afterEach(async () => {
  for (const bench of benches) await bench.outbox.stop(1_000);
  benches = [];
  await transaction(db.databases().engine, async (tx) => {
    await tx.execute('delete from outbox_msg');
    await tx.execute('delete from outbox_retry');
  });
});

const LEASE = { leaseMs: 400, renewMs: 100, leaseMarginMs: 100 };
/** Never renews: what an event loop that hangs looks like to everybody else. */
const STALLED = { ...LEASE, renewMs: 1_000_000 };

interface Replica {
  bench: Bench;
  /** From now on no statement of this replica reaches the database. */
  die(): void;
  revive(): void;
}

async function replica(script: Script, settings: Partial<typeof LEASE> = LEASE): Promise<Replica> {
  let dead = false;
  const databases = db.database().connect(() => {
    if (dead) throw new Error('this replica is dead');
    return undefined;
  });
  const deps: Deps = { ...db.deps(), databases };
  const bench = createBench(deps, script, { settings });
  await bench.outbox.prepare();
  benches.push(bench);
  return { bench, die: () => (dead = true), revive: () => (dead = false) };
}

const answered = (answer = 'ok'): Sent<string> => ({ kind: 'answered', answer, status: 200 });

/** An effect of the settlement, in its transaction. */
function settling(by: string): NonNullable<Script['settle']> {
  return async (tx, message) => {
    await tellOf(tx, 'test.settled', message, { by });
    return { kind: 'done' };
  };
}

async function tellOf(
  tx: Tx,
  type: string,
  message: Message,
  data: Record<string, string> = {},
): Promise<void> {
  const subject = { kind: 'test', id: message.uid };
  await tell(db.deps(), tx, { type, subject, actor: { kind: 'system', id: 'test' }, data });
}

describe('a worker that stalls', () => {
  test('has its settlement refused, with its effect, once another has taken over', async () => {
    let release: () => void = () => undefined;
    const slow = await replica(
      {
        send: () => new Promise((resolve) => (release = () => resolve(answered()))),
        settle: settling('slow'),
      },
      STALLED,
    );
    const orgId = await makeOrganization(slow.bench.deps);
    await slow.bench.outbox.start();
    await put(slow.bench.deps, orgId, { uid: 'fenced' });
    await until('the slow send', () => slow.bench.sent().length === 1);
    let finishOther: () => void = () => undefined;
    const other = await replica({
      send: () => new Promise((resolve) => (finishOther = () => resolve(answered()))),
      settle: settling('other'),
    });
    await other.bench.outbox.start();
    await until('the takeover', () => other.bench.sent().length === 1);
    release(); // the message is still there, and no longer the slow worker's
    await until('the refused settlement', () => slow.bench.outbox.stop(1_000).then(() => true));
    const settled = `type = 'test.settled' and subject_id = 'fenced'`;
    expect(await count(db.databases(), 'event', settled)).toBe(0);
    expect(await count(db.databases(), 'outbox_msg')).toBe(1);
    finishOther();
    await emptied(db.databases());
    expect(await count(db.databases(), 'event', `${settled} and data like '%other%'`)).toBe(1);
    expect(await count(db.databases(), 'event', settled)).toBe(1);
    expect(await count(db.databases(), 'outbox_attempt', `uid = 'fenced'`)).toBe(1);
  });

  test('starts nothing more before its lease ends', async () => {
    const stalled = await replica({}, STALLED);
    const orgId = await makeOrganization(stalled.bench.deps);
    await stalled.bench.outbox.start();
    await put(stalled.bench.deps, orgId, { uid: 'in-time' });
    await emptied(db.databases());
    const lease = `lease_until < ${db.databases().dialect.nowMs} + 100`;
    await until('the last part of the lease', async () =>
      (await count(db.databases(), 'outbox_shard', lease)) === 16 ? true : null,
    );
    await put(stalled.bench.deps, orgId, { uid: 'too-late' });
    const other = await replica({});
    await other.bench.outbox.start();
    await emptied(db.databases());
    expect(stalled.bench.sent()).toEqual(['in-time']);
    expect(other.bench.sent()).toEqual(['too-late']);
  });
});

type Window = 'before it executes' | 'after it executed' | 'nowhere';

/** A provider that counts what it executed per key, and can be asked. The handler keeps, as one must,
 * when it first sent: what was sent before is looked up, never sent blindly. */
function providerScript(executed: Map<string, number>, dieAt: Window, die: () => void): Script {
  return {
    prepare: async (tx, message) => {
      const firstSent = await told(tx, 'test.first_sent', message.uid);
      const absent = await told(tx, 'test.absent', message.uid);
      if (firstSent > absent) return { kind: 'send', request: 'look up' };
      await tellOf(tx, 'test.first_sent', message);
      return { kind: 'send', request: 'execute' };
    },
    send: async (message, _signal, request) => {
      if (request === 'look up') return answered(executed.has(message.uid) ? 'found' : 'absent');
      if (dieAt === 'before it executes') return dieHere(die);
      executed.set(message.uid, (executed.get(message.uid) ?? 0) + 1);
      return dieAt === 'after it executed' ? dieHere(die) : answered('executed');
    },
    settle: async (tx, message, sent) => {
      const absent = sent.kind === 'answered' && sent.answer === 'absent';
      await tellOf(tx, absent ? 'test.absent' : 'test.settled', message);
      return absent ? { kind: 'continue' } : { kind: 'done' };
    },
  };
}

/** The process is gone: its send never comes back, and nothing it does reaches the database. */
function dieHere(die: () => void): Promise<Sent<string>> {
  die();
  return new Promise(() => undefined);
}

async function told(tx: Tx, type: string, uid: string): Promise<number> {
  const rows = await tx.query<{ n: number }>(
    `select count(*) as n from event where org_id = $1 and type = $2 and subject_id = $3`,
    [tx.org, type, uid],
  );
  return rows[0]?.n ?? 0;
}

describe('a worker that dies', () => {
  for (const dieAt of ['before it executes', 'after it executed'] as const) {
    test(`${dieAt}: the message is taken over, looked up, and executed exactly once`, async () => {
      const executed = new Map<string, number>();
      const uid = `died ${dieAt}`;
      let die: () => void = () => undefined;
      const first = await replica(providerScript(executed, dieAt, () => die()));
      die = first.die;
      const orgId = await makeOrganization(first.bench.deps);
      await first.bench.outbox.start();
      await put(first.bench.deps, orgId, { uid });
      await until('the death', () => first.bench.sent().length === 1);
      expect(executed.get(uid) ?? 0).toBe(dieAt === 'after it executed' ? 1 : 0);
      const second = await replica(providerScript(executed, 'nowhere', () => undefined));
      await second.bench.outbox.start();
      await emptied(db.databases());
      expect(executed.get(uid)).toBe(1);
      const settled = `type = 'test.settled' and subject_id = '${uid}'`;
      expect(await count(db.databases(), 'event', settled)).toBe(1);
      first.revive(); // so that its stop can say what it holds: nothing
    });
  }

  test('holds its shards until the lease is over, and the next worker takes all of them', async () => {
    const first = await replica({});
    await first.bench.outbox.start();
    const epochs = await count(db.databases(), 'outbox_shard', 'owner is not null');
    expect(epochs).toBe(16);
    first.die();
    const second = await replica({});
    await second.bench.outbox.start();
    const before = await db
      .databases()
      .engine.query<{ owner: string; epoch: number }>(
        'select owner, epoch from outbox_shard where shard = 0',
      );
    const after = await until('the takeover', async () => {
      const rows = await db
        .databases()
        .engine.query<{ owner: string; epoch: number }>(
          'select owner, epoch from outbox_shard where shard = 0',
        );
      return rows[0]?.owner !== before[0]?.owner ? rows[0] : null;
    });
    expect(after.epoch).toBe((before[0]?.epoch ?? 0) + 1);
    first.revive();
  });
});
