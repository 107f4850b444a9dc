// What Stripe refuses and in which words: keys, parameters, missing objects; and idempotency keys.

import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Ending, rawRequest, stripePost } from '../../support/raw-request.ts';
import { spawnTwin, type Twin } from '../../support/spawn-twin.ts';
import { SECRET_KEY } from '../../support/stripe-twin.ts';

let twin: Twin;
let n = 0;

beforeAll(async () => {
  twin = await spawnTwin('stripe', { 'secret-key': SECRET_KEY });
});
afterAll(async () => {
  await twin.stop();
});
afterEach(() => twin.ask('POST', '/clock', { real: true }));

type Error = { type: string; code?: string; param?: string; message: string };
const AUTH = { authorization: `Bearer ${SECRET_KEY}` };
const post = (path: string, fields: Record<string, string>, key = `k${(n += 1)}`) =>
  rawRequest(twin.api, stripePost(key, path, fields));
const get = (path: string, headers: Record<string, string> = AUTH) =>
  rawRequest(twin.api, { path, headers });

function refused(ending: Ending): { status: number; error: Error } {
  if (ending.kind !== 'answered') throw new Error(`expected an answer, found ${ending.kind}`);
  return { status: ending.status, error: (JSON.parse(ending.body) as { error: Error }).error };
}

function answered(ending: Ending) {
  if (ending.kind !== 'answered') throw new Error(`expected an answer, found ${ending.kind}`);
  return { ...ending, object: JSON.parse(ending.body) as Record<string, unknown> };
}

describe('who is asking', () => {
  test.each([
    ['nobody', {}],
    ['a wrong key', { authorization: 'Bearer sk_test_wrong_key_0000' }],
    ['a key without a scheme', { authorization: SECRET_KEY }],
  ])('%s gets 401', async (_who, headers) => {
    const { status, error } = refused(await get('/v1/customers', headers));
    expect(status).toBe(401);
    expect(error.type).toBe('invalid_request_error');
    expect(error.message).not.toContain('sk_test_wrong_key_0000');
  });

  test('Basic with the key as user name is as good as Bearer', async () => {
    const basic = Buffer.from(`${SECRET_KEY}:`).toString('base64');
    expect(answered(await get('/v1/customers', { authorization: `Basic ${basic}` })).status).toBe(
      200,
    );
  });

  test('the version asked for is echoed, and each answer has its own request id', async () => {
    const first = answered(await get('/v1/customers', { ...AUTH, 'stripe-version': '2024-06-20' }));
    const second = answered(await get('/v1/customers'));
    expect(first.headers['stripe-version']).toBe('2024-06-20');
    expect(first.headers['request-id']).toMatch(/^req_/);
    expect(first.headers['request-id']).not.toBe(second.headers['request-id']);
  });
});

describe('bad requests name the parameter', () => {
  const INTENT = { amount: '500', currency: 'eur' };
  test.each([
    ['/v1/customers', { colour: 'red' }, 'parameter_unknown', 'colour'],
    [
      '/v1/checkout/sessions',
      { mode: 'setup', currency: 'eur' },
      'parameter_missing',
      'success_url',
    ],
    [
      '/v1/checkout/sessions',
      { mode: 'setup', 'setup_intent_data[colour]': 'red' },
      undefined,
      undefined,
    ],
    ['/v1/payment_intents', { currency: 'eur' }, 'parameter_missing', 'amount'],
    ['/v1/payment_intents', { amount: '500' }, 'parameter_missing', 'currency'],
    ['/v1/payment_intents', { ...INTENT, amount: '5.5' }, 'parameter_invalid_integer', 'amount'],
    ['/v1/payment_intents', { ...INTENT, amount: '-5' }, 'parameter_invalid_integer', 'amount'],
    ['/v1/payment_intents', { ...INTENT, amount: '49' }, 'amount_too_small', 'amount'],
    ['/v1/payment_intents', { ...INTENT, amount: '100000000' }, 'amount_too_large', 'amount'],
    ['/v1/payment_intents', { ...INTENT, currency: 'euro' }, undefined, 'currency'],
    ['/v1/payment_intents', { ...INTENT, customer: 'cus_none' }, 'resource_missing', 'customer'],
    [
      '/v1/payment_intents',
      { ...INTENT, payment_method: 'pm_none' },
      'resource_missing',
      'payment_method',
    ],
    ['/v1/payment_intents', { ...INTENT, capture_method: 'later' }, undefined, 'capture_method'],
    [
      '/v1/payment_intents',
      { ...INTENT, description: '' },
      'parameter_invalid_empty',
      'description',
    ],
    ['/v1/payment_intents', { ...INTENT, off_session: 'true' }, undefined, 'off_session'],
    ['/v1/payment_intents', { ...INTENT, 'metadata[a][b]': 'x' }, undefined, 'metadata[a]'],
    ['/v1/refunds', {}, 'parameter_missing', 'payment_intent'],
  ] as [string, Record<string, string>, string | undefined, string | undefined][])(
    'POST %s %j',
    async (path, fields, code, param) => {
      const { status, error } = refused(await post(path, fields));
      expect(status).toBe(400);
      expect(error.type).toBe('invalid_request_error');
      if (code !== undefined) expect(error.code).toBe(code);
      if (param !== undefined) expect(error.param).toBe(param);
    },
  );

  test('payment_method_types is known to versions before its renaming, and to no later one', async () => {
    const fields = { amount: '500', currency: 'eur', 'payment_method_types[]': 'card' };
    const asked = stripePost('renamed', '/v1/payment_intents', fields);
    const old = { ...asked, headers: { ...asked.headers, 'stripe-version': '2026-08-26.dahlia' } };
    expect(refused(await rawRequest(twin.api, asked)).error).toMatchObject({
      code: 'parameter_unknown',
      param: 'payment_method_types',
    });
    expect(answered(await rawRequest(twin.api, old)).status).toBe(200);
  });

  test('a missing object of the path is 404', async () => {
    const { status, error } = refused(await get('/v1/payment_intents/pi_none'));
    expect({ status, code: error.code }).toEqual({ status: 404, code: 'resource_missing' });
  });

  test('an endpoint that does not exist is 404', async () => {
    expect(refused(await get('/v1/rockets')).status).toBe(404);
  });

  test('JSON is refused, as Stripe takes forms', async () => {
    const headers = { ...AUTH, 'content-type': 'application/json' };
    const asked = { method: 'POST', path: '/v1/customers', headers, body: '{"name":"Ada"}' };
    expect(refused(await rawRequest(twin.api, asked)).status).toBe(400);
  });
});

describe('idempotency keys', () => {
  test('the first answer is given again, word for word, whatever the order of parameters', async () => {
    const first = answered(await post('/v1/customers', { name: 'A', phone: '1' }, 'same'));
    const second = answered(await post('/v1/customers', { phone: '1', name: 'A' }, 'same'));
    expect(second.body).toBe(first.body);
    expect(second.headers['idempotent-replayed']).toBe('true');
    expect(second.headers['original-request']).toBe(first.headers['request-id']);
    expect(first.headers['idempotent-replayed']).toBeUndefined();
  });

  test('the same key with other parameters, or for another endpoint, is refused', async () => {
    await post('/v1/customers', { name: 'A' }, 'other');
    for (const ending of [
      await post('/v1/customers', { name: 'B' }, 'other'),
      await post('/v1/payment_intents', { amount: '500', currency: 'eur' }, 'other'),
    ]) {
      const { status, error } = refused(ending);
      expect({ status, type: error.type }).toEqual({ status: 400, type: 'idempotency_error' });
    }
  });

  test('a refusal before anything was done leaves the key free', async () => {
    expect(refused(await post('/v1/customers', { colour: 'red' }, 'free')).status).toBe(400);
    expect(answered(await post('/v1/customers', { name: 'A' }, 'free')).status).toBe(200);
  });

  test('a decline is remembered under its key', async () => {
    const fields = {
      amount: '500',
      currency: 'eur',
      payment_method: 'pm_card_visa_chargeDeclined',
      confirm: 'true',
    };
    const first = answered(await post('/v1/payment_intents', fields, 'declined'));
    const second = answered(await post('/v1/payment_intents', fields, 'declined'));
    expect([first.status, second.status]).toEqual([402, 402]);
    expect(second.body).toBe(first.body);
  });

  test('after 24 hours the key is forgotten and the request is done a second time', async () => {
    const first = answered(await post('/v1/customers', { name: 'A' }, 'old'));
    await twin.ask('POST', '/clock', { advance_ms: 86_399_000 });
    expect(answered(await post('/v1/customers', { name: 'A' }, 'old')).object['id']).toBe(
      first.object['id'],
    );
    await twin.ask('POST', '/clock', { advance_ms: 2000 });
    expect(answered(await post('/v1/customers', { name: 'A' }, 'old')).object['id']).not.toBe(
      first.object['id'],
    );
  });

  test('two requests with one key at once are done once', async () => {
    const both = await Promise.all([
      post('/v1/customers', { name: 'A' }, 'twice'),
      post('/v1/customers', { name: 'A' }, 'twice'),
    ]);
    const ids = both
      .map(answered)
      .filter(({ status }) => status === 200)
      .map(({ object }) => object['id']);
    expect(new Set(ids).size).toBe(1);
  });
});
