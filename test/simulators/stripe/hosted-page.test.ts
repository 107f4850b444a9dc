// The page where a person saves a card: what it refuses, what it keeps, what it never keeps.

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type Stripe from 'stripe';
import type { Twin } from '../../support/spawn-twin.ts';
import { GOOD_CARD, startStripeTwin, submitCard } from '../../support/stripe-twin.ts';

let twin: Twin;
let stripe: Stripe;

beforeAll(async () => {
  ({ twin, stripe } = await startStripeTwin());
});
afterAll(async () => {
  await twin.stop();
});
afterEach(() => twin.ask('POST', '/clock', { real: true }));

async function open() {
  const customer = await stripe.customers.create({});
  const session = await stripe.checkout.sessions.create({
    mode: 'setup',
    customer: customer.id,
    currency: 'eur',
    success_url: 'https://example.test/done',
  });
  return { customer: customer.id, id: session.id, url: session.url ?? '' };
}

const form = (fields: Record<string, string>) =>
  new URLSearchParams({
    card_number: GOOD_CARD,
    expiry: '12/40',
    cvc: '123',
    name: 'Ada',
    ...fields,
  });

test.each([
  [{ card_number: '4242424242424241' }, 'card number is invalid'],
  [{ card_number: '4242' }, 'card number is incomplete'],
  [{ card_number: 'abcd' }, 'card number is incomplete'],
  [{ expiry: '13/40' }, 'expiration date'],
  [{ expiry: '12/20' }, 'in the past'],
  [{ cvc: '12' }, 'security code'],
  [{ name: ' ' }, 'name on the card'],
])('%j shows the page again with what is wrong, and saves nothing', async (fields, message) => {
  const session = await open();
  const reply = await fetch(session.url, {
    method: 'POST',
    body: form(fields),
  });
  expect(reply.status).toBe(402);
  const page = await reply.text();
  expect(page).toContain(message);
  expect(page).not.toContain(GOOD_CARD);
  expect((await stripe.customers.listPaymentMethods(session.customer)).data).toEqual([]);
  expect(await stripe.checkout.sessions.retrieve(session.id)).toMatchObject({ status: 'open' });
});

test.each([
  ['4000000000000002', 'Your card was declined.', 'generic_decline'],
  ['4000000000009995', 'insufficient funds', 'insufficient_funds'],
  ['4000000000000069', 'expired', 'expired_card'],
])(
  'card %s is declined at set-up, and a better one may follow',
  async (number, message, declineCode) => {
    const session = await open();
    const reply = await submitCard(session.url, number);
    expect(reply.status).toBe(402);
    expect(await reply.text()).toContain(message);
    const { setup_intent: intent } = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['setup_intent'],
    });
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      last_setup_error: { decline_code: declineCode },
    });
    expect((await submitCard(session.url, GOOD_CARD)).status).toBe(303);
  },
);

test('what a person types is escaped', async () => {
  const session = await open();
  const body = form({ cvc: '', name: '"><script>alert(1)</script>' });
  const page = await (await fetch(session.url, { method: 'POST', body })).text();
  expect(page).not.toContain('<script>');
  expect(page).toContain('&lt;script&gt;');
});

test('a finished or expired session takes no second card', async () => {
  const done = await open();
  await submitCard(done.url, GOOD_CARD);
  expect((await submitCard(done.url, GOOD_CARD)).status).toBe(410);
  const late = await open();
  await twin.ask('POST', '/clock', { advance_ms: 86_400_000 });
  expect((await fetch(late.url)).status).toBe(410);
  expect(await stripe.checkout.sessions.retrieve(late.id)).toMatchObject({
    status: 'expired',
    url: null,
  });
});

test('the same number gives the same fingerprint, and is nowhere in the files or the log', async () => {
  const fingerprints = [];
  for (let index = 0; index < 2; index += 1) {
    const session = await open();
    await submitCard(session.url, GOOD_CARD);
    const { data } = await stripe.customers.listPaymentMethods(session.customer);
    fingerprints.push(data[0]?.card?.fingerprint);
  }
  expect(fingerprints[0]).toBe(fingerprints[1]);
  for (const file of [twin.database, `${twin.database}-wal`]) {
    expect(readFileSync(file).includes(GOOD_CARD)).toBe(false);
  }
  expect(twin.log()).not.toContain(GOOD_CARD);
});
