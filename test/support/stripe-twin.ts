// A Stripe twin with the official SDK pointed at it, and a person who saves a card on its hosted page.

import Stripe from 'stripe';
import { spawnTwin, type Twin } from './spawn-twin.ts';

export const SECRET_KEY = 'sk_test_twin';
export const GOOD_CARD = '4242424242424242';

export type StripeTwin = { twin: Twin; stripe: Stripe };

export async function startStripeTwin(flags: Record<string, string> = {}): Promise<StripeTwin> {
  const twin = await spawnTwin('stripe', { 'secret-key': SECRET_KEY, ...flags });
  return { twin, stripe: stripeFor(twin) };
}

export function stripeFor(
  twin: Twin,
  { secretKey = SECRET_KEY, ...options }: { secretKey?: string; timeout?: number } = {},
): Stripe {
  const { hostname, port } = new URL(twin.api);
  return new Stripe(secretKey, {
    host: hostname,
    port: Number(port),
    protocol: 'http',
    maxNetworkRetries: 0,
    ...options,
  });
}

export function submitCard(pageUrl: string, number: string): Promise<Response> {
  const body = new URLSearchParams({
    card_number: number,
    expiry: '12/40',
    cvc: '123',
    name: 'Ada Example',
  });
  return fetch(pageUrl, { method: 'POST', redirect: 'manual', body });
}

/** A customer with this card saved through checkout. */
export async function saveCard(stripe: Stripe, number = GOOD_CARD) {
  const customer = await stripe.customers.create({ name: 'Ada Example' });
  const session = await stripe.checkout.sessions.create({
    mode: 'setup',
    customer: customer.id,
    allowed_payment_method_types: ['card'],
    success_url: 'https://example.test/done?session={CHECKOUT_SESSION_ID}',
  });
  const reply = await submitCard(session.url ?? '', number);
  if (reply.status !== 303) throw new Error(`expected the card to be saved, found ${reply.status}`);
  const { data } = await stripe.customers.listPaymentMethods(customer.id);
  const [method] = data;
  if (method === undefined) throw new Error('expected one saved card, found none');
  return { customer: customer.id, paymentMethod: method.id, session: session.id };
}

/** An authorised, uncaptured payment of 12.34 EUR. */
export async function authorise(stripe: Stripe, card: { customer: string; paymentMethod: string }) {
  return stripe.paymentIntents.create({
    amount: 1234,
    currency: 'eur',
    customer: card.customer,
    payment_method: card.paymentMethod,
    capture_method: 'manual',
    confirm: true,
    off_session: true,
    metadata: { operation_id: 'op_1', payment_id: 'pay_1' },
  });
}
