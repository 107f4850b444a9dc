// The official SDK, unchanged, against the Stripe twin: every operation the appliance uses.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type Stripe from 'stripe';
import type { Twin } from '../support/spawn-twin.ts';
import { authorise, saveCard, startStripeTwin, submitCard } from '../support/stripe-twin.ts';
import { until } from '../support/until.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../support/webhook-receiver.ts';

const SECRET = 'whsec_sdk_test';
let hook: WebhookReceiver;
let twin: Twin;
let stripe: Stripe;

beforeAll(async () => {
  hook = await startWebhookReceiver();
  ({ twin, stripe } = await startStripeTwin({
    'webhook-url': hook.url,
    'webhook-secret': SECRET,
  }));
});

afterAll(async () => {
  expect(await twin.stop()).toBe(0);
  await hook.stop();
});

describe('customers', () => {
  test('are created, read, changed, listed and deleted', async () => {
    const made = await stripe.customers.create({
      email: 'ada@example.test',
      metadata: { person_id: 'per_1' },
    });
    expect(await stripe.customers.retrieve(made.id)).toMatchObject({
      metadata: { person_id: 'per_1' },
    });
    const changed = await stripe.customers.update(made.id, {
      name: 'Ada',
      metadata: { person_id: '', site: 's1' },
    });
    expect(changed).toMatchObject({
      name: 'Ada',
      email: 'ada@example.test',
      metadata: { site: 's1' },
    });
    const { data } = await stripe.customers.list({ email: 'ada@example.test' });
    expect(data.map(({ id }) => id)).toEqual([made.id]);
    expect(await stripe.customers.del(made.id)).toMatchObject({ deleted: true });
    expect(await stripe.customers.retrieve(made.id)).toMatchObject({ deleted: true });
  });
});

describe('saving a card', () => {
  test('a checkout session in setup mode ends with an attached card and a mandate', async () => {
    const customer = await stripe.customers.create({});
    const session = await stripe.checkout.sessions.create({
      mode: 'setup',
      customer: customer.id,
      currency: 'eur',
      success_url: 'https://example.test/done?session={CHECKOUT_SESSION_ID}',
      metadata: { person_id: 'per_1' },
      setup_intent_data: { metadata: { operation_id: 'op_7' } },
    });
    expect(session).toMatchObject({
      status: 'open',
      mode: 'setup',
      metadata: { person_id: 'per_1' },
    });

    const page = await fetch(session.url ?? '');
    expect(page.status).toBe(200);
    expect(await page.text()).toContain('name="card_number"');
    const reply = await submitCard(session.url ?? '', '5555 5555 5555 4444');
    expect(reply.status).toBe(303);
    expect(reply.headers.get('location')).toBe(`https://example.test/done?session=${session.id}`);

    const done = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['setup_intent.payment_method', 'setup_intent.mandate'],
    });
    expect(done).toMatchObject({
      status: 'complete',
      url: null,
      setup_intent: {
        status: 'succeeded',
        usage: 'off_session',
        metadata: { operation_id: 'op_7' },
        mandate: { status: 'active' },
        payment_method: { customer: customer.id, card: { brand: 'mastercard', last4: '4444' } },
      },
    });
    const intent = done.setup_intent as Stripe.SetupIntent;
    expect(await stripe.setupIntents.retrieve(intent.id)).toMatchObject({ status: 'succeeded' });
  });

  test('a saved card can be read and detached, and then no longer charged', async () => {
    const card = await saveCard(stripe);
    expect(await stripe.paymentMethods.retrieve(card.paymentMethod)).toMatchObject({
      customer: card.customer,
      card: { last4: '4242', funding: 'credit' },
    });
    expect(await stripe.paymentMethods.detach(card.paymentMethod)).toMatchObject({
      customer: null,
    });
    expect((await stripe.customers.listPaymentMethods(card.customer)).data).toEqual([]);
    await expect(authorise(stripe, card)).rejects.toMatchObject({
      type: 'StripeInvalidRequestError',
      param: 'payment_method',
    });
  });
});

describe('payments', () => {
  test('authorise, capture in part, refund', async () => {
    const intent = await authorise(stripe, await saveCard(stripe));
    expect(intent).toMatchObject({ status: 'requires_capture', amount_capturable: 1234 });
    const captured = await stripe.paymentIntents.capture(intent.id, { amount_to_capture: 1000 });
    expect(captured).toMatchObject({
      status: 'succeeded',
      amount_received: 1000,
      amount_capturable: 0,
    });
    const refund = await stripe.refunds.create({ payment_intent: intent.id, amount: 400 });
    expect(refund).toMatchObject({ status: 'succeeded', amount: 400 });
    expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({ id: refund.id });
    const { latest_charge: charge } = await stripe.paymentIntents.retrieve(intent.id, {
      expand: ['latest_charge'],
    });
    expect(charge).toMatchObject({
      amount: 1234,
      amount_captured: 1000,
      amount_refunded: 634,
      metadata: { operation_id: 'op_1', payment_id: 'pay_1' },
    });
    expect(await stripe.charges.retrieve((charge as Stripe.Charge).id)).toMatchObject({
      paid: true,
    });
  });

  test('create unconfirmed, confirm, cancel', async () => {
    const card = await saveCard(stripe);
    const made = await stripe.paymentIntents.create({
      amount: 500,
      currency: 'eur',
      customer: card.customer,
      capture_method: 'manual',
    });
    expect(made.status).toBe('requires_payment_method');
    const confirmed = await stripe.paymentIntents.confirm(made.id, {
      payment_method: card.paymentMethod,
      off_session: true,
    });
    expect(confirmed.status).toBe('requires_capture');
    const canceled = await stripe.paymentIntents.cancel(made.id, {
      cancellation_reason: 'abandoned',
    });
    expect(canceled).toMatchObject({ status: 'canceled', cancellation_reason: 'abandoned' });
  });

  test('a declined card throws a card error that carries the payment intent', async () => {
    const card = await saveCard(stripe, '4000000000000341');
    await expect(authorise(stripe, card)).rejects.toMatchObject({
      type: 'StripeCardError',
      statusCode: 402,
      code: 'card_declined',
      decline_code: 'generic_decline',
      payment_intent: {
        status: 'requires_payment_method',
        last_payment_error: { code: 'card_declined' },
      },
    });
  });

  test('are listed newest first and walked by the SDK page by page', async () => {
    const card = await saveCard(stripe);
    const ids: string[] = [];
    for (let index = 0; index < 5; index += 1) ids.push((await authorise(stripe, card)).id);
    const seen: string[] = [];
    for await (const intent of stripe.paymentIntents.list({ customer: card.customer, limit: 2 })) {
      seen.push(intent.id);
    }
    expect(seen).toEqual(ids.toReversed());
  });
});

describe('events and webhooks', () => {
  test('every event of the list arrives as a webhook that constructEvent accepts', async () => {
    await authorise(stripe, await saveCard(stripe));
    const listed: string[] = [];
    for await (const event of stripe.events.list({ limit: 100 })) listed.push(event.id);
    await until('all webhooks', () => hook.received.length >= listed.length);
    const arrived = hook.received.map(({ body, headers }) =>
      stripe.webhooks.constructEvent(body, String(headers['stripe-signature']), SECRET),
    );
    expect(arrived.map(({ id }) => id).toSorted()).toEqual(listed.toSorted());
    expect(hook.received[0]?.headers['user-agent']).toBe(
      'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
    );
  });

  test('a changed body is refused by constructEvent', async () => {
    const first = await until('a webhook', () => hook.received[0]);
    const signature = String(first.headers['stripe-signature']);
    expect(() => stripe.webhooks.constructEvent(`${first.body} `, signature, SECRET)).toThrow(
      /signature/i,
    );
  });

  test('one event is read by its id and filtered by type', async () => {
    await authorise(stripe, await saveCard(stripe));
    const { data } = await stripe.events.list({ type: 'payment_intent.created', limit: 1 });
    const [event] = data;
    expect(event?.type).toBe('payment_intent.created');
    expect(await stripe.events.retrieve(event?.id ?? '')).toMatchObject({ id: event?.id });
    const several = await stripe.events.list({
      types: ['charge.succeeded', 'mandate.updated'],
      limit: 100,
    });
    expect(new Set(several.data.map(({ type }) => type))).toEqual(new Set(['charge.succeeded']));
  });
});
