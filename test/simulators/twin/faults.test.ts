// Faults of requests, seen from the client's socket and from what the provider kept.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type Stripe from 'stripe';
import { rawRequest, stripePost } from '../../support/raw-request.ts';
import { THEN_CUT, type Twin } from '../../support/spawn-twin.ts';
import { authorise, saveCard, startStripeTwin } from '../../support/stripe-twin.ts';
import { until } from '../../support/until.ts';

let twin: Twin;
let stripe: Stripe;
let key = 0;

beforeAll(async () => {
  ({ twin, stripe } = await startStripeTwin());
});
afterAll(async () => {
  await twin.stop();
});
beforeEach(async () => {
  await twin.ask('DELETE', '/faults');
  await twin.ask('POST', '/wan', { state: 'up' });
  key += 1;
});

const onCustomers = { on: 'request', method: 'POST', path: '/v1/customers' };
const postCustomer = (patienceMs = 10_000) =>
  rawRequest(twin.api, {
    ...stripePost(`key-${key}`, '/v1/customers', { name: 'Ada' }),
    patienceMs,
  });

async function customers(): Promise<number> {
  const { counts } = (await twin.ask('GET', '/state')) as { counts: { customer: number } };
  return counts.customer;
}

describe('a request that never arrives', () => {
  for (const kind of ['lost_request', 'reset']) {
    test(`${kind}: the client sees a broken connection and nothing was done`, async () => {
      const before = await customers();
      await twin.ask('POST', '/faults', { ...onCustomers, kind });
      expect(await postCustomer()).toEqual({ kind: 'broken', code: 'ECONNRESET' });
      expect(await customers()).toBe(before);
      expect(await postCustomer()).toMatchObject({ status: 200 });
    });
  }

  test('status: a gateway answers 503 in its own words and nothing was done or stored', async () => {
    const before = await customers();
    await twin.ask('POST', '/faults', { ...onCustomers, kind: 'status', status: 503 });
    const reply = await postCustomer();
    expect(reply).toMatchObject({ status: 503, body: expect.stringContaining('<html>') });
    expect(reply).not.toHaveProperty('headers.request-id');
    expect(await customers()).toBe(before);
    expect(await postCustomer()).toMatchObject({ status: 200 });
  });
});

describe('a request whose answer is lost', () => {
  test('lost_reply: the work is done once, and the same key gives its answer', async () => {
    const before = await customers();
    await twin.ask('POST', '/faults', { ...onCustomers, kind: 'lost_reply' });
    expect(await postCustomer()).toEqual({ kind: 'broken', code: 'ECONNRESET' });
    expect(await customers()).toBe(before + 1);
    const again = await postCustomer();
    expect(again).toMatchObject({ status: 200, headers: { 'idempotent-replayed': 'true' } });
    expect(await customers()).toBe(before + 1);
  });

  test('hang_reply: the work is done and the socket stays silent until the line comes back', async () => {
    const before = await customers();
    await twin.ask('POST', '/faults', { ...onCustomers, kind: 'hang_reply' });
    const pending = postCustomer();
    await until('the work', async () => (await customers()) > before);
    expect(await twin.ask('GET', '/state')).toMatchObject({ wan: { hanging: 1 } });
    await twin.ask('POST', '/wan', { state: 'up' });
    expect(await pending).toEqual({ kind: 'broken', code: 'ECONNRESET' });
  });

  test('status_after: the work is done and the 500 is what the key remembers', async () => {
    const before = await customers();
    await twin.ask('POST', '/faults', { ...onCustomers, kind: 'status_after' });
    expect(await postCustomer()).toMatchObject({ status: 500 });
    expect(await customers()).toBe(before + 1);
    const again = await postCustomer();
    expect(again).toMatchObject({ status: 500, headers: { 'idempotent-replayed': 'true' } });
    expect(await customers()).toBe(before + 1);
  });

  test('a capture commits, its reply is lost, and the line is cut at once', async () => {
    const intent = await authorise(stripe, await saveCard(stripe));
    const fault = {
      on: 'request',
      path: '/v1/payment_intents/*/capture',
      kind: 'lost_reply',
      ...THEN_CUT,
    };
    await twin.ask('POST', '/faults', fault);
    const path = `/v1/payment_intents/${intent.id}/capture`;
    expect(await rawRequest(twin.api, stripePost('cap', path, {}))).toMatchObject({
      kind: 'broken',
    });
    expect(await rawRequest(twin.api, stripePost('cap', path, {}))).toMatchObject({
      kind: 'broken',
    });
    expect(await twin.ask('GET', '/state')).toMatchObject({ wan: { state: 'cut' } });
    await twin.ask('POST', '/wan', { state: 'up' });
    expect(await stripe.paymentIntents.retrieve(intent.id)).toMatchObject({
      status: 'succeeded',
      amount_received: 1234,
    });
  });
});

describe('a request that takes long', () => {
  test('is done although its client gave up, and its key is in use until then', async () => {
    const before = await customers();
    await twin.ask('POST', '/faults', { ...onCustomers, kind: 'delay', delay_ms: 600 });
    const first = postCustomer(150);
    await until('the fault', () => twin.log().includes('"kind":"delay"'));
    const second = await postCustomer();
    expect(second).toMatchObject({ status: 409, headers: { 'stripe-should-retry': 'true' } });
    expect(second).toMatchObject({ body: expect.stringContaining('idempotency_key_in_use') });
    expect(await first).toEqual({ kind: 'silent' });
    await until('the work', async () => (await customers()) > before);
    expect(await postCustomer()).toMatchObject({ headers: { 'idempotent-replayed': 'true' } });
  });
});

describe('rules', () => {
  test('skip the first requests, fire as often as told, and say how often they fired', async () => {
    const rule = { id: 'f1', ...onCustomers, kind: 'status', after: 1, times: 2 };
    await twin.ask('POST', '/faults', rule);
    const statuses: unknown[] = [];
    for (let index = 0; index < 4; index += 1) {
      key += 1;
      const reply = await postCustomer();
      statuses.push(reply.kind === 'answered' ? reply.status : reply.kind);
    }
    expect(statuses).toEqual([200, 500, 500, 200]);
    expect(await twin.ask('GET', '/faults')).toMatchObject({
      faults: [{ id: 'f1', fired: 2, times_left: 0, skip_left: 0 }],
    });
  });

  test.each([
    [{ on: 'request', kind: 'explode' }, 'kind'],
    [{ on: 'webhook', kind: 'lost_reply' }, 'kind'],
    [{ on: 'request', kind: 'delay' }, 'delay_ms'],
    [{ on: 'request', kind: 'reset', times: 0 }, 'times'],
    [{ on: 'request', kind: 'reset', colour: 'red' }, 'colour'],
    [{ kind: 'reset' }, 'on'],
  ])('%j is refused by naming the field', async (rule, field) => {
    const reply = await rawRequest(twin.control, {
      method: 'POST',
      path: '/faults',
      body: JSON.stringify(rule),
    });
    expect(reply).toMatchObject({ status: 400, body: expect.stringContaining(field) });
    expect(await twin.ask('GET', '/faults')).toEqual({ faults: [] });
  });
});
