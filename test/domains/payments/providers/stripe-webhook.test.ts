import { describe, expect, test } from '@jest/globals';
import { createHmac } from 'node:crypto';
import Stripe from 'stripe';
import {
  parseEventPage,
  readEvent,
  stripeSource,
  verifyStripe,
} from '../../../../server/domains/payments/providers/stripe-webhook.ts';
import type { HttpResponse } from '../../../../server/platform/outside/http-exchange.ts';

const SECRETS = [
  { id: 'old', secret: 'whsec_old' },
  { id: 'new', secret: 'whsec_new' },
];
// Bytes that JSON.parse and JSON.stringify would change.
const BODY = Buffer.from('{"amount":10.0,"name":"Jos\\u00e9","big":12345678901234567890,"a":1e3}');
const T = 1_790_000_000;

const v1 = (secret: string, body: Buffer = BODY, t = T): string =>
  createHmac('sha256', secret).update(`${t}.`).update(body).digest('hex');
const raw = (signature: string | undefined, body = BODY) => ({
  headers: signature === undefined ? {} : { 'stripe-signature': signature },
  body,
});

describe('the signature', () => {
  test('what Stripe’s own library signs is accepted, by whichever secret is active', () => {
    const stripe = new Stripe('sk_test');
    for (const { id, secret } of SECRETS) {
      const header = stripe.webhooks.generateTestHeaderString({
        payload: BODY.toString(),
        secret,
        timestamp: T,
      });
      expect(verifyStripe(raw(header), SECRETS)).toEqual({
        ok: true,
        keyId: id,
        signedAt: T * 1_000,
      });
    }
  });

  test('one good signature among several is enough, as while a secret is rotated', () => {
    const header = `t=${T},v1=${v1('whsec_gone')},v1=${v1('whsec_new')},v0=abc`;
    expect(verifyStripe(raw(header), SECRETS)).toMatchObject({ ok: true, keyId: 'new' });
  });

  const refused: [string, ReturnType<typeof raw>][] = [
    ['missing', raw(undefined)],
    ['empty', raw('')],
    ['of another secret', raw(`t=${T},v1=${v1('whsec_gone')}`)],
    ['over another time', raw(`t=${T + 1},v1=${v1('whsec_new')}`)],
    ['over another body', raw(`t=${T},v1=${v1('whsec_new')}`, Buffer.from('{}'))],
    [
      'over the parsed body',
      raw(`t=${T},v1=${v1('whsec_new', Buffer.from(JSON.stringify(JSON.parse(BODY.toString()))))}`),
    ],
    ['of the old scheme alone', raw(`t=${T},v0=${v1('whsec_new')}`)],
    ['without a time', raw(`v1=${v1('whsec_new')}`)],
    ['with a time that is none', raw(`t=now,v1=${v1('whsec_new')}`)],
    ['cut short', raw(`t=${T},v1=${v1('whsec_new').slice(0, 62)}`)],
    ['not hex', raw(`t=${T},v1=${'z'.repeat(64)}`)],
  ];
  for (const [name, webhook] of refused) {
    test(`${name} is refused`, () => expect(verifyStripe(webhook, SECRETS).ok).toBe(false));
  }
});

const event = (type: string, object: object, id = 'evt_1') => ({
  id,
  object: 'event',
  type,
  created: T,
  data: { object },
});

describe('what an event names', () => {
  const cases: [string, object, string | null][] = [
    ['payment_intent.succeeded', { id: 'pi_1', object: 'payment_intent' }, 'pi_1'],
    ['charge.captured', { id: 'ch_1', object: 'charge', payment_intent: 'pi_1' }, 'pi_1'],
    ['charge.succeeded', { id: 'ch_1', object: 'charge', payment_intent: null }, null],
    ['refund.updated', { id: 're_1', object: 'refund' }, 're_1'],
    ['checkout.session.completed', { id: 'cs_1', object: 'checkout.session' }, 'cs_1'],
    ['customer.created', { id: 'cus_1', object: 'customer' }, null],
  ];
  for (const [type, object, ref] of cases) {
    test(`${type} names ${ref}`, () => {
      expect(readEvent(event(type, object))).toEqual({
        dedupeKey: 'evt_1',
        type,
        objectRef: ref,
        occurredAt: T * 1_000,
      });
    });
  }

  test('what is no event is refused', () => {
    const source = stripeSource({ apiVersion: '2026-10-28.endive' }, (request) => request);
    for (const body of ['[]', '{}', '{"object":"event","id":"evt_1"}', 'x']) {
      expect(() => source.parse(Buffer.from(body))).toThrow();
    }
  });
});

describe('the list of events', () => {
  const now = T * 1_000;
  const page = (ids: string[], hasMore: boolean): HttpResponse => ({
    status: 200,
    headers: {},
    body: JSON.stringify({
      object: 'list',
      has_more: hasMore,
      data: ids.map((id) => event('payment_intent.succeeded', { id: `pi_${id}` }, id)),
    }),
  });
  const source = stripeSource({ apiVersion: '2026-10-28.endive' }, (request) => request);
  const ask = (position: string | null, caughtUpTo: number | null = null) =>
    decodeURIComponent(source.pollRequest?.({ position, caughtUpTo, now }).path ?? '');
  const take = (position: string | null, response: HttpResponse) => {
    const taken = parseEventPage(response, { position, caughtUpTo: null, now });
    if (taken.kind !== 'page') return taken;
    return { ...taken, events: taken.events.map(({ dedupeKey }) => dedupeKey) };
  };

  test('begins a day back, walks to the end of that day, and then goes on from the newest event', () => {
    expect(ask(null)).toBe(`/v1/events?limit=100&created[gte]=${T - 86_400}`);
    const first = take(null, page(['e5', 'e4'], true));
    expect(first).toEqual({
      kind: 'page',
      events: ['e4', 'e5'],
      position: 'back:e4:e5',
      hasMore: true,
    });
    expect(ask('back:e4:e5')).toContain('starting_after=e4');
    const second = take('back:e4:e5', page(['e3', 'e2'], false));
    expect(second).toEqual({ kind: 'page', events: ['e2', 'e3'], position: 'e5', hasMore: false });
    expect(ask('e5')).toBe('/v1/events?limit=100&ending_before=e5');
    expect(take('e5', page(['e7', 'e6'], true))).toEqual({
      kind: 'page',
      events: ['e6', 'e7'],
      position: 'e7',
      hasMore: true,
    });
  });

  test('nothing new keeps the place', () => {
    expect(take('e5', page([], false))).toEqual({
      kind: 'page',
      events: [],
      position: 'e5',
      hasMore: false,
    });
    expect(take(null, page([], false))).toEqual({
      kind: 'page',
      events: [],
      position: null,
      hasMore: false,
    });
  });

  test('a cursor the provider has forgotten starts the walk anew, from what is known', () => {
    const lost = { status: 400, headers: {}, body: '{"error":{"code":"resource_missing"}}' };
    expect(take('e5', lost)).toEqual({ kind: 'page', events: [], position: null, hasMore: true });
    expect(ask(null, now - 40 * 86_400_000)).toContain(`created[gte]=${T - 41 * 86_400}`);
  });

  test('anything else is no page', () => {
    for (const [status, body] of [
      [500, ''],
      [401, '{}'],
      [200, 'x'],
      [200, '{}'],
    ] as const) {
      expect(take('e5', { status, headers: {}, body })).toMatchObject({ kind: 'failed' });
    }
  });
});
