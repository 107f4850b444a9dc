import { describe, expect, test } from '@jest/globals';
import { refundPayment, voidPayment } from '../../../server/domains/payments/change-payment.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { THEN_CUT } from '../../support/spawn-twin.ts';
import { until } from '../../support/until.ts';
import {
  accept,
  addPayer,
  byHand,
  chargesOf,
  read,
  type Till,
  untilStatus,
  usePaidDoor,
} from './paid-door.ts';

const door = usePaidDoor();
const by = { actor: { kind: 'api_key', id: 'key_test' }, traceId: null };

const refund = (till: Till, paymentId: string, amountMinor: number | null = null) =>
  transaction(till.db, (tx) => refundPayment(till.room, tx, { paymentId, amountMinor, ...by }));
const giveBack = (till: Till, paymentId: string) =>
  transaction(till.db, (tx) => voidPayment(till.room, tx, { paymentId, ...by }));

async function captured(till: Till, card?: string): Promise<string> {
  const paymentId = await accept(till, await addPayer(till, card));
  await untilStatus(till, paymentId, 'captured');
  return paymentId;
}

describe('a refund', () => {
  test('in parts, up to what was captured and not beyond', async () => {
    const till = await door.open();
    const paymentId = await captured(till);
    await refund(till, paymentId, 1_000);
    await untilStatus(till, paymentId, 'partially_refunded');
    await expect(refund(till, paymentId, 235)).rejects.toThrow('up to 2.34 EUR');
    await refund(till, paymentId);
    await untilStatus(till, paymentId, 'refunded');
    expect(chargesOf(till.twin, paymentId)).toMatchObject([{ amount_refunded_minor: 1_234 }]);
    await expect(refund(till, paymentId)).rejects.toMatchObject({ code: 'conflict' });
    const clearing = await till.ledger.balance(till.db, {
      kind: 'provider_clearing',
      holder: 'stripe',
      currency: 'EUR',
    });
    expect(clearing).toMatchObject({ debitsPosted: 1_234, creditsPosted: 1_234 });
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
  });

  test('two at the same moment never give more back than was taken', async () => {
    const till = await door.open();
    const paymentId = await captured(till);
    const both = await Promise.allSettled([
      refund(till, paymentId, 800),
      refund(till, paymentId, 800),
    ]);
    expect(both.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await untilStatus(till, paymentId, 'partially_refunded');
    expect(chargesOf(till.twin, paymentId)).toMatchObject([{ amount_refunded_minor: 800 }]);
  });

  for (const kind of ['lost_request', 'lost_reply', 'status_after'] as const) {
    test(`is paid once although ${kind}`, async () => {
      const till = await door.open();
      const paymentId = await captured(till);
      await till.twin.ask('POST', '/faults', {
        on: 'request',
        method: 'POST',
        path: '/v1/refunds',
        kind,
      });
      await refund(till, paymentId, 500);
      await untilStatus(till, paymentId, 'partially_refunded');
      expect(chargesOf(till.twin, paymentId)).toMatchObject([{ amount_refunded_minor: 500 }]);
    });
  }

  test('that the bank sends back later is taken off again', async () => {
    const till = await door.open();
    const paymentId = await captured(till, '4000000000005126');
    await refund(till, paymentId, 500);
    await untilStatus(till, paymentId, 'partially_refunded');
    await till.twin.ask('POST', '/clock', { advance_ms: 120_000 });
    await until('the failed refund', async () => {
      await till.inbox.pollNow('stripe');
      return (await read(till, paymentId)).of('refund').status === 'declined';
    });
    expect((await read(till, paymentId)).payment).toMatchObject({
      status: 'captured',
      refundedMinor: 0,
    });
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
    // And it may be refunded again.
    await refund(till, paymentId, 500);
  });
});

describe('a void', () => {
  test('before anything was sent needs no provider', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    await till.outbox.stop(1_000);
    const paymentId = await accept(till, personId);
    const { payment, operations } = await giveBack(till, paymentId);
    expect(payment.status).toBe('voided');
    expect(operations.map(({ status }) => status)).toEqual(['cancelled', 'cancelled']);
    expect(
      await till.ledger.balance(till.db, {
        kind: 'online_exposure_person',
        holder: personId,
        currency: 'EUR',
      }),
    ).toMatchObject({ debitsPending: 0 });
    await expect(giveBack(till, paymentId)).rejects.toMatchObject({ code: 'conflict' });
  });

  test('gives an authorisation back that is not captured yet', async () => {
    const till = await door.open();
    const personId = await addPayer(till);
    await till.outbox.stop(1_000);
    const paymentId = await accept(till, personId);
    await byHand(till, (await read(till, paymentId)).of('authorise')).run();
    expect((await read(till, paymentId)).payment.status).toBe('authorised');
    const { operations } = await giveBack(till, paymentId);
    expect(operations.map(({ kind, status }) => `${kind} ${status}`)).toEqual([
      'authorise succeeded',
      'capture cancelled',
      'void queued',
    ]);
    // The capture's message finds nothing to do; the void's does its work.
    expect(await byHand(till, (await read(till, paymentId)).of('capture')).run()).toBe(0);
    await byHand(till, (await read(till, paymentId)).of('void')).run();
    expect((await read(till, paymentId)).payment).toMatchObject({
      status: 'voided',
      authorisedMinor: 0,
    });
    expect(chargesOf(till.twin, paymentId)).toMatchObject([
      { captured: 0, amount_captured_minor: 0 },
    ]);
    const clearing = await till.ledger.balance(till.db, {
      kind: 'provider_clearing',
      holder: 'stripe',
      currency: 'EUR',
    });
    expect(clearing).toMatchObject({ debitsPending: 0, debitsPosted: 0 });
    expect(await till.ledger.sumsToZero(till.db)).toBe(true);
  });

  test('of what was captured is refused, and so is one in doubt', async () => {
    const till = await door.open();
    const paymentId = await captured(till);
    await expect(giveBack(till, paymentId)).rejects.toThrow('Refund what was captured');
    await till.twin.ask('POST', '/faults', {
      on: 'request',
      method: 'POST',
      path: '/v1/payment_intents/*/capture',
      kind: 'lost_reply',
      ...THEN_CUT,
    });
    const doubtful = await accept(till, await addPayer(till));
    await untilStatus(till, doubtful, 'in_doubt');
    await expect(giveBack(till, doubtful)).rejects.toThrow('its outcome must be known first');
    await expect(refund(till, doubtful)).rejects.toThrow('its outcome must be known first');
  });
});
