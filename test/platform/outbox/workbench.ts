// What the outbox tests share: an engine over a real database whose one handler does what the test
// says, and writes down what it was asked to do, in which order.

import { afterEach } from '@jest/globals';
import { createIds } from '../../../server/shared/ids.ts';
import type { Databases, Tx } from '../../../server/platform/database/database.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import type { Deps } from '../../../server/platform/deps.ts';
import { createBell } from '../../../server/platform/outbox/bell.ts';
import { enqueue } from '../../../server/platform/outbox/enqueue.ts';
import {
  handler,
  type Message,
  type NewMessage,
  type Prepared,
  type Sent,
  type Settled,
} from '../../../server/platform/outbox/handler.ts';
import { NO_METRICS } from '../../../server/platform/outbox/metrics.ts';
import {
  createOutbox,
  type Outbox,
  type OutboxOptions,
} from '../../../server/platform/outbox/outbox.ts';
import { until } from '../../support/until.ts';

export interface Script {
  prepare?: (tx: Tx, message: Message) => Promise<Prepared<string>>;
  send?: (message: Message, signal: AbortSignal, request: string) => Promise<Sent<string>>;
  settle?: (tx: Tx, message: Message, sent: Sent<string>) => Promise<Settled>;
}

export interface Bench {
  outbox: Outbox;
  deps: Deps;
  /** `prepare:uid`, `send:uid`, `settle:uid` in the order they began. */
  steps: string[];
  counted: { swept: number; died: number; escalated: number; outcomes: string[] };
  sent(): string[];
}

export const DONE = async (): Promise<Settled> => ({ kind: 'done' });
export const OK = async (): Promise<Sent<string>> => ({
  kind: 'answered',
  answer: 'ok',
  status: 200,
});

/** Short times, so that a test sees leases, polls and pauses pass. */
export const QUICK = { pollMs: 20, backoffBaseMs: 5, backoffCapMs: 40, settleGraceMs: 500 };

export function createBench(
  deps: Deps,
  script: Script,
  options: Partial<OutboxOptions> = {},
): Bench {
  const steps: string[] = [];
  const counted: Bench['counted'] = { swept: 0, died: 0, escalated: 0, outcomes: [] };
  const own: Deps = { ...deps, bell: createBell() };
  const outbox = createOutbox(own, {
    handlers: {
      'test.effect': handler<string, string>({
        prepare: async (tx, message) => {
          steps.push(`prepare:${message.uid}`);
          return (await script.prepare?.(tx, message)) ?? { kind: 'send', request: message.uid };
        },
        send: (request, signal, message) => {
          steps.push(`send:${message.uid}`);
          return (script.send ?? OK)(message, signal, request);
        },
        settle: async (tx, message, { sent }) => {
          steps.push(`settle:${message.uid}`);
          return (script.settle ?? DONE)(tx, message, sent);
        },
      }),
    },
    destinations: { test: {} },
    metrics: {
      ...NO_METRICS,
      swept: (found) => void (counted.swept += found),
      died: () => void (counted.died += 1),
      escalated: () => void (counted.escalated += 1),
      attempted: ({ outcome }) => void counted.outcomes.push(outcome),
    },
    ...options,
    settings: { ...QUICK, ...options.settings },
  });
  return {
    outbox,
    deps: own,
    steps,
    counted,
    sent: () => steps.filter((step) => step.startsWith('send:')).map((step) => step.slice(5)),
  };
}

export async function put(
  deps: Deps,
  orgId: string,
  message: Partial<NewMessage> & { uid: string },
): Promise<number> {
  return transaction(deps.databases.org(orgId), async (tx) => {
    await enqueue(tx, deps, {
      type: 'test.effect',
      destination: 'test',
      aggregate: message.uid,
      body: {},
      ...message,
    });
    const rows = await tx.query<{ pos: number }>(
      'select max(pos) as pos from outbox_msg where org_id = $1 and uid = $2',
      [orgId, message.uid],
    );
    return Number(rows[0]?.pos);
  });
}

/** A bare organization, without the access domain. */
export async function makeOrganization(deps: Deps): Promise<string> {
  const id = createIds(deps.world).make('organization');
  await transaction(deps.databases.org(id), (tx) =>
    tx.execute(
      `insert into organization (id, name, status, created_at, version)
       values ($1, $2, 'active', $3, 1)`,
      [id, 'Outbox test', deps.world.clock.now()],
    ),
  );
  return id;
}

export async function count(databases: Databases, table: string, where = 'true'): Promise<number> {
  const rows = await databases.engine.query<{ n: number }>(
    `select count(*) as n from ${table} where ${where}`,
  );
  return rows[0]?.n ?? -1;
}

export const emptied = (databases: Databases, withinMs?: number): Promise<boolean> =>
  until(
    'the outbox to be empty',
    async () => (await count(databases, 'outbox_msg')) === 0,
    withinMs,
  );

/** Benches over one test database; stopped after each test, and what they left behind taken away. */
export function useBenches(db: {
  deps(): Deps;
  databases(): Databases;
}): (script: Script, options?: Partial<OutboxOptions>) => Promise<Bench> {
  let benches: Bench[] = [];
  afterEach(async () => {
    for (const bench of benches) await bench.outbox.stop(1_000);
    benches = [];
    // What a test left behind is not the next one's work.
    await transaction(db.databases().engine, async (tx) => {
      await tx.execute('delete from outbox_msg');
      await tx.execute('delete from outbox_retry');
      await tx.execute(
        `update outbox_dest set breaker = 'closed', open_until = null, failures = 0`,
      );
    });
  });
  return async (script, options = {}) => {
    const bench = createBench(db.deps(), script, options);
    await bench.outbox.prepare();
    benches.push(bench);
    return bench;
  };
}

export const unknown = (reason = 'no reply'): Sent<string> => ({ kind: 'unknown', reason });
export const notSent = (): Sent<string> => ({
  kind: 'not_sent',
  reason: 'connecting: ECONNREFUSED',
});
export const answered = (): Sent<string> => ({ kind: 'answered', answer: 'ok', status: 200 });
