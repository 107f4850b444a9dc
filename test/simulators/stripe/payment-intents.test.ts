// The state machine of payment intents, their events, and what time does to them.

import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type Stripe from 'stripe';
import type { Twin } from '../../support/spawn-twin.ts';
import { authorise, saveCard, startStripeTwin } from '../../support/stripe-twin.ts';

let twin: Twin;
let stripe: Stripe;
let card: { customer: string; paymentMethod: string };

beforeAll(async () => {
  ({ twin, stripe } = await startStripeTwin());
  card = await saveCard(stripe);
});
afterAll(async () => {
  await twin.stop();
});
afterEach(() => twin.ask('POST', '/clock', { real: true }));

const payWith = (paymentMethod: string, more: Partial<Stripe.PaymentIntentCreateParams> = {}) =>
  stripe.paymentIntents.create({
    amount: 1000,
    currency: 'eur',
    payment_method: paymentMethod,
    confirm: true,
    ...more,
  });

async function typesOf(id: string): Promise<string[]> {
  const { data } = await stripe.events.list({ limit: 100 });
  return data
    .filter((event) => JSON.stringify(event.data.object).includes(id))
    .map(({ type }) => type)
    .toReversed();
}

describe('each move tells its events', () => {
  test('authorise and capture', async () => {
    const intent = await authorise(stripe, card);
    await stripe.paymentIntents.capture(intent.id);
    expect(await typesOf(intent.id)).toEqual([
      'payment_intent.created',
      'charge.succeeded',
      'payment_intent.amount_capturable_updated',
      'charge.captured',
      'payment_intent.succeeded',
    ]);
  });

  test('decline', async () => {
    const failed = await payWith('pm_card_visa_chargeDeclinedInsufficientFunds').catch(
      (error) => error,
    );
    expect(failed).toMatchObject({ code: 'card_declined', decline_code: 'insufficient_funds' });
    expect(await typesOf(failed.payment_intent.id)).toEqual([
      'payment_intent.created',
      'charge.failed',
      'payment_intent.payment_failed',
    ]);
  });

  test('cancel an authorisation', async () => {
    const intent = await authorise(stripe, card);
    await stripe.paymentIntents.cancel(intent.id);
    expect((await typesOf(intent.id)).slice(-2)).toEqual([
      'charge.refunded',
      'payment_intent.canceled',
    ]);
  });
});

describe('moves the state does not allow', () => {
  const wrong = { statusCode: 400, code: 'payment_intent_unexpected_state' };

  test('a captured intent is not captured, confirmed or cancelled again', async () => {
    const { id } = await payWith('pm_card_visa');
    const state = { ...wrong, payment_intent: { id, status: 'succeeded' } };
    await expect(stripe.paymentIntents.capture(id)).rejects.toMatchObject(state);
    await expect(stripe.paymentIntents.confirm(id)).rejects.toMatchObject(state);
    await expect(stripe.paymentIntents.cancel(id)).rejects.toMatchObject(state);
  });

  test('a cancelled intent stays cancelled', async () => {
    const { id } = await authorise(stripe, card);
    await stripe.paymentIntents.cancel(id);
    await expect(stripe.paymentIntents.capture(id)).rejects.toMatchObject(wrong);
    await expect(stripe.paymentIntents.confirm(id)).rejects.toMatchObject(wrong);
  });

  test('an intent without a payment method is not confirmed', async () => {
    const { id } = await stripe.paymentIntents.create({ amount: 1000, currency: 'eur' });
    await expect(stripe.paymentIntents.confirm(id)).rejects.toMatchObject(wrong);
  });

  test('more than was authorised is not captured, more than was captured is not refunded', async () => {
    const { id } = await authorise(stripe, card);
    await expect(
      stripe.paymentIntents.capture(id, { amount_to_capture: 1235 }),
    ).rejects.toMatchObject({ code: 'amount_too_large', param: 'amount_to_capture' });
    await expect(stripe.refunds.create({ payment_intent: id })).rejects.toMatchObject({
      statusCode: 400,
    });
    await stripe.paymentIntents.capture(id, { amount_to_capture: 1000 });
    await expect(stripe.refunds.create({ payment_intent: id, amount: 1001 })).rejects.toMatchObject(
      { param: 'amount' },
    );
    await stripe.refunds.create({ payment_intent: id });
    await expect(stripe.refunds.create({ payment_intent: id })).rejects.toMatchObject({
      code: 'charge_already_refunded',
    });
  });

  test("another customer's card is not charged", async () => {
    const other = await stripe.customers.create({});
    await expect(
      authorise(stripe, { customer: other.id, paymentMethod: card.paymentMethod }),
    ).rejects.toMatchObject({ param: 'payment_method' });
  });
});

describe('authentication', () => {
  const wants = 'pm_card_authenticationRequired';

  test('is wanted of a person who is there, and its page decides', async () => {
    const intent = await payWith(wants);
    expect(intent.status).toBe('requires_action');
    const url = intent.next_action?.redirect_to_url?.url ?? '';
    await fetch(url, { method: 'POST', body: new URLSearchParams({ verdict: 'complete' }) });
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({ status: 'succeeded' });
  });

  test('that fails leaves the intent without a payment method', async () => {
    const intent = await payWith(wants);
    const url = intent.next_action?.redirect_to_url?.url ?? '';
    await fetch(url, { method: 'POST', body: new URLSearchParams({ verdict: 'fail' }) });
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'requires_payment_method',
      last_payment_error: { code: 'payment_intent_authentication_failure' },
    });
  });

  test('of a person who is away is a decline', async () => {
    await expect(payWith(wants, { off_session: true })).rejects.toMatchObject({
      code: 'authentication_required',
    });
  });
});

describe('time', () => {
  test('an authorisation nobody captures lapses after seven days', async () => {
    const { id } = await authorise(stripe, card);
    await twin.ask('POST', '/clock', { advance_ms: 7 * 86_400_000 });
    expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({
      status: 'canceled',
      cancellation_reason: 'automatic',
    });
  });

  test('a card past its expiry is declined', async () => {
    await twin.ask('POST', '/clock', { now_ms: Date.UTC(2041, 0, 1) });
    await expect(authorise(stripe, card)).rejects.toMatchObject({ code: 'expired_card' });
  });

  test('a refund of a pending-refund card settles later, one of a failing card fails later', async () => {
    const refunds = [];
    for (const method of ['pm_card_pendingRefund', 'pm_card_refundFail']) {
      const intent = await payWith(method);
      refunds.push(await stripe.refunds.create({ payment_intent: intent.id }));
    }
    expect(refunds.map(({ status }) => status)).toEqual(['pending', 'succeeded']);
    await twin.ask('POST', '/clock', { advance_ms: 60_000 });
    const later = await Promise.all(refunds.map(({ id }) => stripe.refunds.retrieve(id)));
    expect(later.map(({ status }) => status)).toEqual(['succeeded', 'failed']);
    const charge = await stripe.charges.retrieve(refunds[1]?.charge as string);
    expect(charge).toMatchObject({ amount_refunded: 0, refunded: false });
  });

  test('events older than 30 days are gone', async () => {
    const { data } = await stripe.events.list({ limit: 1 });
    const id = data[0]?.id ?? '';
    await twin.ask('POST', '/clock', { advance_ms: 31 * 86_400_000 });
    expect(
      (await stripe.events.list({ created: { lte: Math.floor(Date.now() / 1000) } })).data,
    ).toEqual([]);
    await expect(stripe.events.retrieve(id)).rejects.toMatchObject({ statusCode: 404 });
  });

  test('events are found by when they were made', async () => {
    await twin.ask('POST', '/clock', { now_ms: 2_000_000_000_000 });
    const { id } = await stripe.customers.create({});
    const at = 2_000_000_000;
    const idsOf = async (created: Stripe.RangeQueryParam) =>
      (await stripe.events.list({ created, type: 'customer.created' })).data.map(
        ({ data: { object } }) => (object as { id: string }).id,
      );
    expect(await idsOf({ gte: at })).toEqual([id]);
    expect(await idsOf({ gt: at + 5 })).toEqual([]);
    expect(await idsOf({ lt: at })).not.toContain(id);
    expect(await idsOf({ lte: at + 5, gt: at - 1 })).toEqual([id]);
  });
});

test("a verifier reads the provider's books from the file: one row per charge, with our ids", async () => {
  const intent = await authorise(stripe, card);
  await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 1000 });
  const db = new DatabaseSync(twin.database, { readOnly: true });
  const sql = `select i.status, i.amount_minor, i.amount_received_minor, c.captured,
    c.amount_captured_minor, c.amount_released_minor, json_extract(i.metadata, '$.operation_id') as op
    from payment_intent i join charge c on c.payment_intent = i.id where i.id = ?`;
  expect(
    db
      .prepare(sql)
      .all(intent.id)
      .map((row) => ({ ...row })),
  ).toEqual([
    {
      status: 'succeeded',
      amount_minor: 1234,
      amount_received_minor: 1000,
      captured: 1,
      amount_captured_minor: 1000,
      amount_released_minor: 234,
      op: 'op_1',
    },
  ]);
  db.close();
});
