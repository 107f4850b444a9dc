// A door with a till (till.ts), for tests, and what happens there: people who save a card, questions,
// what the books and the provider's own say afterwards, and an operation driven by hand.

import { afterAll, beforeAll } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import type { Identification } from '../../../server/domains/biometrics/index.ts';
import {
  type Decision,
  type DoorRequest,
  type PaymentSettings,
} from '../../../server/domains/payments/index.ts';
import { createPerson } from '../../../server/domains/people/index.ts';
import type { Operation } from '../../../server/domains/payments/operation.ts';
import type { Payment } from '../../../server/domains/payments/payment.ts';
import { startMethod } from '../../../server/domains/payments/start-method.ts';
import { findMethod } from '../../../server/domains/payments/store-methods.ts';
import { listOperations } from '../../../server/domains/payments/store-operations.ts';
import { findPayment } from '../../../server/domains/payments/store-payments.ts';
import type { OperationRequest } from '../../../server/domains/payments/replay.ts';
import type { DatabaseSettings } from '../../../server/platform/database/connect.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import {
  type Message,
  type OutboxHandler,
  type Prepared,
  type Sent,
  type Settled,
} from '../../../server/platform/outbox/index.ts';
import type { HttpResponse } from '../../../server/platform/outside/http-exchange.ts';
import { present } from '../../../server/shared/assert.ts';
import { useTestDatabase } from '../../support/database.ts';
import { spawnTwin, type Twin } from '../../support/spawn-twin.ts';
import { GOOD_CARD, SECRET_KEY, submitCard } from '../../support/stripe-twin.ts';
import { until } from '../../support/until.ts';
import { MATCH, openTill, type Till } from './till.ts';

export { MATCH, type Till };

/** One twin for a file, one organization with its own outbox for a test. */
export function usePaidDoor(): {
  open(options?: { windowMs?: number; settings?: Partial<PaymentSettings> }): Promise<Till>;
  twin(): Twin;
  world: ReturnType<typeof useTestDatabase>['world'];
  kind(): 'sqlite' | 'postgres';
  settings(): DatabaseSettings;
  onClose(run: () => Promise<unknown>): void;
} {
  const closing: (() => Promise<unknown>)[] = [];
  let spawned: Twin | null = null;
  // Before the database's own hook, which runs after this one.
  afterAll(async () => {
    for (const close of closing.toReversed()) await close();
    await spawned?.stop();
  });
  const place = useTestDatabase({ world: { start: Date.now() } });
  beforeAll(async () => {
    spawned = await spawnTwin('stripe', { 'secret-key': SECRET_KEY });
  }, 30_000);
  const twin = (): Twin => present(spawned, 'the twin');

  const open = async (
    options: { windowMs?: number; settings?: Partial<PaymentSettings> } = {},
  ): Promise<Till> => {
    for (const close of closing.splice(0).toReversed()) await close();
    await twin().ask('DELETE', '/faults');
    await twin().ask('POST', '/wan', { state: 'up' });
    await twin().ask('POST', '/clock', { real: true });
    const org = await place.seedOrganization();
    const till = await openTill(place.deps(), { org, twin: twin(), ...options });
    closing.push(
      () => till.client.close(),
      () => till.outbox.stop(2_000),
    );
    return till;
  };
  return {
    open,
    twin,
    world: place.world,
    kind: () => place.database().kind,
    settings: () => place.database().settings,
    onClose: (run) => place.database().onClose(run),
  };
}

const TEST_ACTOR = { kind: 'api_key', id: 'key_test' };

export async function addPerson({ deps, db, org }: Till): Promise<string> {
  const person = await transaction(db, (tx) =>
    createPerson(deps, tx, {
      nodeId: org.siteId,
      externalRef: null,
      displayName: 'Ada Example',
      actor: TEST_ACTOR,
    }),
  );
  return person.id;
}

/** Begins a method and waits for the provider's page. */
export async function openMethodPage(till: Till, personId: string) {
  const started = await transaction(till.db, (tx) =>
    startMethod(till.room, tx, {
      personId,
      returnUrl: 'https://example.test/back',
      actor: TEST_ACTOR,
      traceId: null,
    }),
  );
  return until('the hosted page', async () => {
    const method = await findMethod(till.db, started.id);
    return method?.url === null ? null : method;
  });
}

/** A person with a card saved on the hosted page, known here through the list of events. */
export async function addPayer(till: Till, card = GOOD_CARD): Promise<string> {
  const personId = await addPerson(till);
  const method = await openMethodPage(till, personId);
  const reply = await submitCard(method.url ?? '', card);
  if (reply.status !== 303) throw new Error(`the page answered ${reply.status}`);
  await till.inbox.pollNow('stripe');
  await until('the saved card', async () => {
    const found = await findMethod(till.db, method.id);
    return found?.status === 'active';
  });
  return personId;
}

let refs = 0;

export function ask(
  till: Till,
  personId: string | null,
  amountMinor = 1_234,
  more: Partial<DoorRequest<Identification>> = {},
): Promise<Decision> {
  refs += 1;
  return till.payments.decide(till.db, {
    device: { id: till.deviceId, nodeId: till.org.siteId },
    siteNodeId: till.org.siteId,
    identification: { ...MATCH, personId },
    amountMinor,
    currency: null,
    terminalRef: `ref_${refs}`,
    description: null,
    deadlineAt: null,
    traceId: null,
    ...more,
  });
}

export async function accept(till: Till, personId: string, amountMinor?: number): Promise<string> {
  const answer = await ask(till, personId, amountMinor);
  return present(answer.paymentId, `a payment (${JSON.stringify(answer)})`);
}

export async function read(
  till: Till,
  paymentId: string,
): Promise<{ payment: Payment; operations: Operation[]; of(kind: Operation['kind']): Operation }> {
  const payment = present(await findPayment(till.db, paymentId), 'the payment');
  const operations = await listOperations(till.db, paymentId);
  const of = (kind: Operation['kind']): Operation =>
    present(
      operations.findLast((each) => each.kind === kind),
      `the ${kind}`,
    );
  return { payment, operations, of };
}

export function untilStatus(
  till: Till,
  paymentId: string,
  status: Payment['status'],
  withinMs = 15_000,
) {
  let last = '';
  return until(
    `payment ${status}`,
    async () => {
      const found = await read(till, paymentId);
      last = found.operations
        .map((each) => `${each.kind} ${each.status} ${each.reason}`)
        .join('; ');
      return found.payment.status === status ? found : null;
    },
    withinMs,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}; found ${last}`);
  });
}

export interface TwinCharge {
  status: string;
  captured: number;
  amount_minor: number;
  amount_captured_minor: number;
  amount_refunded_minor: number;
}

/** What the provider's own books say about one payment of ours. */
export function chargesOf(twin: Twin, paymentId: string): TwinCharge[] {
  const file = new Sqlite(twin.database, { readonly: true, fileMustExist: true });
  try {
    return file
      .prepare(
        `select c.status, c.captured, c.amount_minor, c.amount_captured_minor, c.amount_refunded_minor
           from charge c join payment_intent p on p.id = c.payment_intent
          where p.metadata ->> '$.payment_id' = ? order by c.seq`,
      )
      .all(paymentId) as TwinCharge[];
  } finally {
    file.close();
  }
}

export async function eventTypes(till: Till, subjectId: string): Promise<string[]> {
  const rows = await till.db.query<{ type: string }>(
    `select type from event where org_id = $1 and subject_id = $2 order by pos`,
    [till.db.org, subjectId],
  );
  return rows.map(({ type }) => type);
}

export interface Hand {
  prepare(): Promise<Prepared<OperationRequest>>;
  send(request: OperationRequest): Promise<Sent<HttpResponse>>;
  settle(request: OperationRequest, sent: Sent<HttpResponse>): Promise<Settled>;
  /** All phases, until the message would leave the outbox. Answers how often something was sent. */
  run(): Promise<number>;
}

/** Drives one operation's message by hand, phase by phase, while the engine stands still. */
export function byHand(till: Till, operation: Operation): Hand {
  const handler = till.payments.handlers['payments.operation'] as unknown as OutboxHandler<
    OperationRequest,
    HttpResponse
  >;
  const message: Message = {
    pos: 1,
    orgId: till.db.org,
    laneId: 1,
    aggregate: operation.paymentId,
    type: 'payments.operation',
    uid: operation.id,
    body: { payment_id: operation.paymentId, operation_id: operation.id },
    traceId: null,
    createdAt: till.deps.world.clock.now(),
    attempt: 1,
  };
  const hand: Hand = {
    prepare: () => transaction(till.db, (tx) => handler.prepare(tx, message)),
    send: (request) => handler.send(request, new AbortController().signal, message),
    settle: (request, sent) =>
      transaction(till.db, (tx) => handler.settle(tx, message, { request, sent })),
    run: async () => {
      for (let sends = 0; sends < 50; sends += 1) {
        const prepared = await hand.prepare();
        if (prepared.kind !== 'send') return sends;
        const settled = await hand.settle(prepared.request, await hand.send(prepared.request));
        if (settled.kind === 'done' || settled.kind === 'dead') return sends + 1;
      }
      throw new Error('fifty tries were not enough');
    },
  };
  return hand;
}
