// The twin's objects have exactly the keys of Stripe's published examples, also one level down where
// the example has an object too.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type Stripe from 'stripe';
import type { Twin } from '../support/spawn-twin.ts';
import { readStripeFixtures } from '../support/stripe-fixtures.ts';
import { authorise, saveCard, startStripeTwin } from '../support/stripe-twin.ts';

type Shape = Record<string, unknown>;
const fixtures = readStripeFixtures();
const found: Record<string, Shape> = {};

let twin: Twin;
let stripe: Stripe;

beforeAll(async () => {
  ({ twin, stripe } = await startStripeTwin());
  const card = await saveCard(stripe);
  const intent = await authorise(stripe, card);
  await stripe.paymentIntents.capture(intent.id);
  const refund = await stripe.refunds.create({ payment_intent: intent.id });
  const session = await stripe.checkout.sessions.retrieve(card.session, {
    expand: ['setup_intent.mandate', 'setup_intent.payment_method'],
  });
  const setup = session.setup_intent as Stripe.SetupIntent;
  const plain = await stripe.checkout.sessions.retrieve(card.session);
  const full = await stripe.paymentIntents.retrieve(intent.id, { expand: ['latest_charge'] });
  const events = await stripe.events.list({ limit: 1 });
  Object.assign(found, {
    payment_intent: await stripe.paymentIntents.retrieve(intent.id),
    charge: full.latest_charge,
    customer: await stripe.customers.retrieve(card.customer),
    setup_intent: await stripe.setupIntents.retrieve(setup.id),
    mandate: setup.mandate,
    payment_method: setup.payment_method,
    'checkout.session': plain,
    refund,
    event: events.data[0],
    list: events,
  });
});
afterAll(async () => {
  await twin.stop();
});

// `risk_level` is documented, though the example does not show it; what is keyed by the type of the
// payment method has other keys for a card than in an example with another type.
const EXTRA: Record<string, string[]> = { 'charge.outcome': ['risk_level'] };
const NOT_COMPARED = ['metadata', 'data', 'payment_method_options', 'payment_method_details'];

test.each([
  'payment_intent',
  'charge',
  'customer',
  'setup_intent',
  'payment_method',
  'checkout.session',
  'refund',
  'event',
  'mandate',
])('%s has the published keys', (name) => {
  const wanted = fixtures[name] ?? {};
  const object = found[name] ?? {};
  expect(keysOf(object)).toEqual(Object.keys(wanted).toSorted());
  for (const [key, value] of Object.entries(wanted)) {
    const ours = object[key];
    if (!isShape(value) || !isShape(ours) || NOT_COMPARED.includes(key)) continue;
    const extra = EXTRA[`${name}.${key}`] ?? [];
    expect({ key, keys: keysOf(ours).filter((each) => !extra.includes(each)) }).toEqual({
      key,
      keys: Object.keys(value).toSorted(),
    });
  }
});

test('the card inside a charge has the published keys', () => {
  expect(keysOf(cardOf(found['charge']))).toEqual(
    Object.keys(cardOf(fixtures['charge'])).toSorted(),
  );
});

test('a list says what it lists and whether there is more', () => {
  expect(keysOf(found['list'] ?? {})).toEqual(['data', 'has_more', 'object', 'url']);
});

function cardOf(shape: Shape | undefined): Shape {
  const details = shape?.['payment_method_details'] as { card: Shape } | undefined;
  return details?.card ?? {};
}

function keysOf(object: Shape): string[] {
  return Object.keys(object)
    .filter((key) => key !== 'lastResponse')
    .toSorted();
}

function isShape(value: unknown): value is Shape {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
