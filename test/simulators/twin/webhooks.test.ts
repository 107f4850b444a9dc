// Webhooks on their way: lost, doubled, reordered, delayed, refused and retried.

import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import type Stripe from 'stripe';
import type { Twin } from '../../support/spawn-twin.ts';
import { startStripeTwin } from '../../support/stripe-twin.ts';
import { until } from '../../support/until.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';

let hook: WebhookReceiver;
let twin: Twin;
let stripe: Stripe;

beforeAll(async () => {
  hook = await startWebhookReceiver();
  ({ twin, stripe } = await startStripeTwin({
    'webhook-url': hook.url,
    'webhook-secret': 'whsec_1',
  }));
});
afterAll(async () => {
  await twin.stop();
  await hook.stop();
});
afterEach(async () => {
  hook.answerWith(200);
  await twin.ask('DELETE', '/faults');
  await twin.ask('POST', '/clock', { real: true });
});

const make = async () => (await stripe.customers.create({})).id;
const copiesOf = (id: string) => hook.received.filter(({ body }) => body.includes(id)).length;
const arrived = (id: string, copies = 1) => until(`webhook of ${id}`, () => copiesOf(id) >= copies);
const faulty = (kind: string, more = {}) =>
  twin.ask('POST', '/faults', { on: 'webhook', kind, ...more });

test('a lost webhook is never sent, yet its event is in the list', async () => {
  await faulty('lost');
  const lost = await make();
  const next = await make();
  await arrived(next);
  expect(copiesOf(lost)).toBe(0);
  const { data } = await stripe.events.list({ type: 'customer.created', limit: 5 });
  expect(data.map(({ data: { object } }) => (object as { id: string }).id)).toContain(lost);
});

test('a doubled webhook arrives twice with the same event id', async () => {
  await faulty('duplicate');
  const id = await make();
  await arrived(id, 2);
  const events = hook.received
    .filter(({ body }) => body.includes(id))
    .map(({ body }) => JSON.parse(body).id);
  expect(new Set(events).size).toBe(1);
});

test('a reordered webhook arrives after the one that followed it', async () => {
  await faulty('reorder');
  const held = await make();
  await until('holding it', () => twin.log().includes('"kind":"reorder"'));
  const next = await make();
  await arrived(held);
  const order = hook.received.map(({ body }) =>
    body.includes(held) ? 'held' : body.includes(next) ? 'next' : '',
  );
  expect(order.indexOf('next')).toBeLessThan(order.indexOf('held'));
});

test('a delayed webhook arrives once its time has come in twin time', async () => {
  await faulty('delay', { delay_ms: 3_000_000 });
  const delayed = await make();
  await arrived(await make());
  expect(copiesOf(delayed)).toBe(0);
  await twin.ask('POST', '/clock', { advance_ms: 3_000_000 });
  await arrived(delayed);
});

test('a fault may be for one type of event only', async () => {
  await faulty('lost', { type: 'customer.deleted' });
  const id = await make();
  await stripe.customers.del(id);
  await until('losing it', () => twin.log().includes('webhook.lost'));
  await arrived(id);
  expect(copiesOf(id)).toBe(1);
});

test('a refused webhook is retried by the backoff schedule, with a fresh signature time', async () => {
  hook.answerWith(500);
  const id = await make();
  await arrived(id);
  await until('the failure', () => twin.log().includes('"status":500'));
  hook.answerWith(200);
  await twin.ask('POST', '/clock', { advance_ms: 3_600_000 });
  await arrived(id, 2);
  const [first, second] = hook.received.filter(({ body }) => body.includes(id));
  const times = [first, second].map((got) =>
    Number(/t=(\d+)/.exec(String(got?.headers['stripe-signature']))?.[1]),
  );
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(3600);
  expect(second?.body).toBe(first?.body);
});

test('a new endpoint and secret take effect for what is sent next', async () => {
  const other = await startWebhookReceiver();
  await twin.ask('PUT', '/webhook', { url: other.url, secret: 'whsec_2' });
  const id = await make();
  const got = await until('the webhook', () => other.received[0]);
  const signature = String(got.headers['stripe-signature']);
  expect(stripe.webhooks.constructEvent(got.body, signature, 'whsec_2').data.object).toMatchObject({
    id,
  });
  await twin.ask('PUT', '/webhook', { url: hook.url, secret: 'whsec_1' });
  await other.stop();
});
