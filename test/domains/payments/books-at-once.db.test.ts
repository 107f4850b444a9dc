// Many outcomes of one organization at the same moment, all over the same two accounts: each is booked at
// the first try, for nobody waits for an account while holding one that comes after it.

import { expect, test } from '@jest/globals';
import { applyOutcome } from '../../../server/domains/payments/apply-outcome.ts';
import { refundPayment } from '../../../server/domains/payments/change-payment.ts';
import type { Outcome } from '../../../server/domains/payments/outcome.ts';
import { findOperation } from '../../../server/domains/payments/store-operations.ts';
import { lockPayment } from '../../../server/domains/payments/store-payments.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { present } from '../../../server/shared/assert.ts';
import { until } from '../../support/until.ts';
import { accept, addPayer, read, type Till, usePaidDoor } from './paid-door.ts';

const door = usePaidDoor();
const by = { actor: { kind: 'provider', id: 'stripe' }, traceId: null };
const EACH = 8;
const MINOR = 1_000;

/** News of an operation whose outcome was not known; the outbox stands still. */
function tellNews(till: Till, operationId: string, kind: 'succeeded' | 'declined') {
  return transaction(till.db, async (tx) => {
    const { paymentId } = present(await findOperation(tx, operationId), 'the operation');
    const payment = present(await lockPayment(tx, paymentId), 'the payment');
    const found = present(await findOperation(tx, operationId), 'the operation');
    const outcome: Outcome =
      kind === 'declined'
        ? { kind, class: 'soft', code: 'generic_decline' }
        : { kind, providerRef: 'pi_any', amountMinor: found.amountMinor };
    const operation = { ...found, status: 'unknown' as const };
    return applyOutcome(till.room, tx, {
      ...{ payment, operation, outcome },
      ...{ resolvedBy: 'event' as const, ...by },
    });
  });
}

/** Accounts are locked in the order of their ids: which of the two comes first must not matter. */
async function openInOrder(till: Till, kinds: readonly ('revenue' | 'provider_clearing')[]) {
  for (const kind of kinds) {
    const holder = kind === 'revenue' ? till.db.org : 'stripe';
    await transaction(till.db, (tx) =>
      till.ledger.openAccount(tx, { kind, holder, currency: 'EUR' }),
    );
    const openedAt = Date.now();
    await until('the next millisecond, and a later id', () => Date.now() > openedAt);
  }
}

test.each([
  [['revenue', 'provider_clearing'] as const],
  [['provider_clearing', 'revenue'] as const],
])(
  'with accounts opened as %j, outcomes never end each other in a deadlock',
  async (kinds) => {
    const till = await door.open();
    await openInOrder(till, kinds);
    const payer = await addPayer(till);
    await till.outbox.stop(1_000);
    const many = (): Promise<string[]> =>
      Promise.all(Array.from({ length: EACH }, () => accept(till, payer, MINOR)));
    const operation = async (paymentId: string, kind: 'authorise' | 'capture' | 'refund') =>
      (await read(till, paymentId)).of(kind).id;
    const [refunded, captured, declined, lapsed] = [
      await many(),
      await many(),
      await many(),
      await many(),
    ];
    for (const id of [...refunded, ...captured, ...lapsed])
      await tellNews(till, await operation(id, 'authorise'), 'succeeded');
    for (const id of refunded) {
      await tellNews(till, await operation(id, 'capture'), 'succeeded');
      await transaction(till.db, (tx) =>
        refundPayment(till.room, tx, { paymentId: id, amountMinor: 100, ...by }),
      );
    }
    const news = await Promise.all([
      ...refunded.map(async (id) => [await operation(id, 'refund'), 'succeeded'] as const),
      ...captured.map(async (id) => [await operation(id, 'capture'), 'succeeded'] as const),
      ...declined.map(async (id) => [await operation(id, 'authorise'), 'declined'] as const),
      ...lapsed.map(async (id) => [await operation(id, 'capture'), 'declined'] as const),
    ]);
    // One of each kind after another, so that they meet.
    const mixed = news.map((_each, at) =>
      present(news[(at % 4) * EACH + Math.floor(at / 4)], 'news'),
    );
    const told = await Promise.allSettled(mixed.map(([id, kind]) => tellNews(till, id, kind)));
    expect(told.filter(({ status }) => status === 'rejected')).toEqual([]);
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
    const clearing = await till.ledger.balance(till.db, {
      kind: 'provider_clearing',
      holder: 'stripe',
      currency: 'EUR',
    });
    expect(clearing).toMatchObject({
      debitsPosted: 2 * EACH * MINOR,
      creditsPosted: EACH * 100,
      debitsPending: 0,
    });
  },
  60_000,
);
