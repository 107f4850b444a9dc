import { describe, expect, test } from '@jest/globals';
import { applyOutcome } from '../../../server/domains/payments/apply-outcome.ts';
import type { Outcome } from '../../../server/domains/payments/outcome.ts';
import { settleReceivable } from '../../../server/domains/payments/receivables.ts';
import { findOperation } from '../../../server/domains/payments/store-operations.ts';
import { lockPayment } from '../../../server/domains/payments/store-payments.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { present } from '../../../server/shared/assert.ts';
import { accept, addPayer, eventTypes, read, type Till, usePaidDoor } from './paid-door.ts';

const door = usePaidDoor();
const ACTOR = { kind: 'provider', id: 'stripe' };

/** Hands news to the transition function as if the provider had told it; the outbox stands still. */
function tellNews(till: Till, operationId: string, outcome: Outcome) {
  return transaction(till.db, async (tx) => {
    const found = present(await findOperation(tx, operationId), 'the operation');
    const payment = present(await lockPayment(tx, found.paymentId), 'the payment');
    const operation = present(await findOperation(tx, operationId), 'the operation');
    const news = { payment, operation, outcome, resolvedBy: 'event' as const };
    return applyOutcome(till.room, tx, { ...news, actor: ACTOR, traceId: null });
  });
}

async function declined(
  till: Till,
): Promise<{ paymentId: string; personId: string; authorise: string }> {
  const personId = await addPayer(till);
  await till.outbox.stop(1_000);
  const paymentId = await accept(till, personId);
  const authorise = (await read(till, paymentId)).of('authorise').id;
  await till.db.begin((tx) =>
    tx.execute(`update operation set status = 'unknown' where org_id = $1 and id = $2`, [
      tx.org,
      authorise,
    ]),
  );
  await tellNews(till, authorise, { kind: 'declined', class: 'soft', code: 'generic_decline' });
  return { paymentId, personId, authorise };
}

const SUCCESS: Outcome = { kind: 'succeeded', providerRef: 'pi_late', amountMinor: 1_234 };

describe('a success that comes after the decline', () => {
  test('takes the debt away and captures, while it is still owed', async () => {
    const till = await door.open();
    const { paymentId, personId, authorise } = await declined(till);
    expect(await till.payments.receivablesOf(till.db, personId)).toHaveLength(1);
    await tellNews(till, authorise, SUCCESS);
    const { payment, of } = await read(till, paymentId);
    expect(payment).toMatchObject({ status: 'authorised', authorisedMinor: 1_234 });
    expect(of('capture').status).toBe('queued');
    expect(await till.payments.receivablesOf(till.db, personId)).toEqual([]);
    expect(await eventTypes(till, paymentId)).toContain('payment.late_success');
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
    const messages = await till.db.query(
      `select pos from outbox_msg where org_id = $1 and uid = $2`,
      [till.db.org, of('capture').id],
    );
    expect(messages).toHaveLength(2); // the first one, not yet run, and the one that revives it
  });

  test('is given back when the person has paid otherwise since', async () => {
    const till = await door.open();
    const { paymentId, authorise } = await declined(till);
    await transaction(till.db, (tx) =>
      settleReceivable(till.room, tx, { paymentId, note: 'cash', actor: ACTOR, traceId: null }),
    );
    await tellNews(till, authorise, SUCCESS);
    const { of } = await read(till, paymentId);
    expect(of('capture').status).toBe('cancelled');
    expect(of('void').status).toBe('queued');
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
  });
});

describe('the transition function', () => {
  test('told the same thing ten times at once, books it once', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    await till.outbox.stop(1_000);
    const paymentId = await accept(till, personId);
    const { id } = (await read(till, paymentId)).of('authorise');
    await till.db.begin((tx) =>
      tx.execute(`update operation set status = 'unknown' where org_id = $1 and id = $2`, [
        tx.org,
        id,
      ]),
    );
    const applied = await Promise.all(
      Array.from({ length: 10 }, () => tellNews(till, id, SUCCESS)),
    );
    expect(applied.filter(({ moved }) => moved)).toHaveLength(1);
    const clearing = await till.ledger.balance(till.db, {
      kind: 'provider_clearing',
      holder: 'stripe',
      currency: 'EUR',
    });
    expect(clearing?.debitsPending).toBe(1_234);
    expect(
      (await eventTypes(till, paymentId)).filter((type) => type === 'payment.authorised'),
    ).toHaveLength(1);
  });

  test('a decline or a doubt that comes after the success changes nothing', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    await till.outbox.stop(1_000);
    const paymentId = await accept(till, personId);
    const { id } = (await read(till, paymentId)).of('authorise');
    await till.db.begin((tx) =>
      tx.execute(`update operation set status = 'unknown' where org_id = $1 and id = $2`, [
        tx.org,
        id,
      ]),
    );
    await tellNews(till, id, SUCCESS);
    const before = await read(till, paymentId);
    const late: Outcome[] = [
      { kind: 'declined', class: 'hard', code: 'canceled' },
      { kind: 'unknown', reason: 'late' },
      { kind: 'pending', reason: 'late' },
      { kind: 'integrity', reason: 'late' },
      { kind: 'step_done', providerRef: 'pi_other' },
    ];
    for (const outcome of late) {
      expect((await tellNews(till, id, outcome)).moved).toBe(false);
    }
    expect(JSON.stringify(await read(till, paymentId))).toBe(JSON.stringify(before));
  });

  test('what does not fit what was asked escalates and touches no money', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    await till.outbox.stop(1_000);
    const paymentId = await accept(till, personId);
    const { id } = (await read(till, paymentId)).of('authorise');
    await till.db.begin((tx) =>
      tx.execute(`update operation set status = 'sending' where org_id = $1 and id = $2`, [
        tx.org,
        id,
      ]),
    );
    await tellNews(till, id, { kind: 'integrity', reason: 'expected 1234 EUR, found 999 eur' });
    const { payment, of } = await read(till, paymentId);
    expect(payment.status).toBe('in_doubt');
    expect(of('authorise')).toMatchObject({
      status: 'unknown_escalated',
      reason: 'expected 1234 EUR, found 999 eur',
    });
    expect(await eventTypes(till, paymentId)).toContain('payment.integrity_failed');
  });
});
