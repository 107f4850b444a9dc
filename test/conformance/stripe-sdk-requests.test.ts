// What our adapter sends, against what the official SDK sends for the same thing: method, path, decoded
// parameters and the headers that matter. The SDK is told by hand, in its own words.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import Stripe from 'stripe';
import type { HttpRequest } from '../../server/platform/outside/http-exchange.ts';
import { ourStripeRequests, SAMPLE } from './our-stripe-requests.ts';

interface Captured {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

let server: http.Server;
let stripe: Stripe;
let captured: Captured[] = [];

beforeAll(async () => {
  server = http.createServer((message, response) => {
    const chunks: Buffer[] = [];
    message.on('data', (chunk: Buffer) => chunks.push(chunk));
    message.on('end', () => {
      const { method = '', url = '', headers } = message;
      captured.push({ method, url, headers, body: Buffer.concat(chunks).toString('utf8') });
      response.setHeader('content-type', 'application/json');
      response.end('{"id":"x","object":"list","data":[]}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  stripe = new Stripe(SAMPLE.secretKey, {
    host: '127.0.0.1',
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
  });
});

afterAll(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const metadata = {
  operation_id: 'opr_a',
  payment_id: SAMPLE.paymentId,
  organization_id: SAMPLE.orgId,
};
const methodMetadata = { payment_method_id: SAMPLE.methodId, organization_id: SAMPLE.orgId };
const since = Math.floor(SAMPLE.at / 1_000);
const key = (step: string) => ({ idempotencyKey: `${SAMPLE.key}${step}` });

/** The SDK's own words for each of our requests, by name. */
const BY_SDK: Record<string, () => Promise<unknown>> = {
  'create a customer': () =>
    stripe.customers.create(
      { metadata: { person_id: SAMPLE.personId, organization_id: SAMPLE.orgId } },
      key(''),
    ),
  'create a set-up session': () =>
    stripe.checkout.sessions.create(
      {
        mode: 'setup',
        customer: SAMPLE.customerRef,
        allowed_payment_method_types: ['card'],
        success_url: SAMPLE.returnUrl,
        metadata: methodMetadata,
        setup_intent_data: { metadata: methodMetadata },
      },
      key(''),
    ),
  'fetch a set-up session': () =>
    stripe.checkout.sessions.retrieve(SAMPLE.sessionRef, {
      expand: ['setup_intent', 'setup_intent.payment_method'],
    }),
  'create a payment intent': () =>
    stripe.paymentIntents.create(
      {
        amount: SAMPLE.amountMinor,
        currency: 'eur',
        customer: SAMPLE.customerRef,
        payment_method: SAMPLE.cardRef,
        capture_method: 'manual',
        automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
        description: SAMPLE.description,
        metadata,
      },
      key(':create'),
    ),
  confirm: () =>
    stripe.paymentIntents.confirm(SAMPLE.intentRef, { off_session: true }, key(':confirm')),
  capture: () =>
    stripe.paymentIntents.capture(
      SAMPLE.intentRef,
      { amount_to_capture: SAMPLE.amountMinor },
      key(':capture'),
    ),
  cancel: () =>
    stripe.paymentIntents.cancel(
      SAMPLE.intentRef,
      { cancellation_reason: 'requested_by_customer' },
      key(':cancel'),
    ),
  refund: () =>
    stripe.refunds.create(
      { payment_intent: SAMPLE.intentRef, amount: 500, metadata },
      key(':refund'),
    ),
  'look an intent up by id': () => stripe.paymentIntents.retrieve(SAMPLE.intentRef),
  'look an intent up among the customer’s': () =>
    stripe.paymentIntents.list({
      customer: SAMPLE.customerRef,
      limit: 100,
      created: { gte: since - 3_600 },
    }),
  'look a refund up': () => stripe.refunds.list({ payment_intent: SAMPLE.intentRef, limit: 100 }),
  'fetch an intent': () => stripe.paymentIntents.retrieve(SAMPLE.intentRef),
  'fetch a refund': () => stripe.refunds.retrieve(SAMPLE.refundRef),
  'list events from a time': () => stripe.events.list({ limit: 100, created: { gte: since } }),
  'list events after one': () => stripe.events.list({ limit: 100, ending_before: 'evt_a' }),
  'list events before one': () =>
    stripe.events.list({ limit: 100, starting_after: 'evt_a', created: { gte: since } }),
};

// The version the SDK is pinned to, which is the one our configuration pins by default.
const API_VERSION = '2026-10-28.endive';

interface Essence {
  method: string;
  path: string;
  parameters: [string, string][];
  headers: Record<string, unknown>;
}

function essenceOf(request: Captured): Essence {
  const url = new URL(request.url, 'http://host');
  const parameters = [...url.searchParams, ...new URLSearchParams(request.body)];
  const { authorization, 'stripe-version': version } = request.headers;
  const { 'idempotency-key': idempotency, 'content-type': type } = request.headers;
  return {
    method: request.method,
    path: url.pathname,
    parameters: parameters.toSorted(([a], [b]) => (a < b ? -1 : 1)),
    headers: {
      authorization,
      version,
      idempotency,
      ...(request.method === 'POST' ? { type } : {}),
    },
  };
}

const asCaptured = (request: HttpRequest): Captured => ({
  method: request.method,
  url: request.path,
  headers: { ...request.headers },
  body: request.body ?? '',
});

describe('what we send is what the SDK sends', () => {
  for (const { name, request } of ourStripeRequests(API_VERSION)) {
    test(name, async () => {
      captured = [];
      await BY_SDK[name]?.();
      expect(captured).toHaveLength(1);
      const bySdk = captured.map(essenceOf)[0];
      expect(essenceOf(asCaptured(request))).toEqual(bySdk);
    });
  }

  test('for the version of stripe-mock, one parameter has its older name and nothing else differs', () => {
    const old = ourStripeRequests('2026-08-26.dahlia').map(({ request }) => asCaptured(request));
    const now = ourStripeRequests(API_VERSION).map(({ request }) => asCaptured(request));
    const renamed = now.map(({ body, ...rest }) => ({
      ...rest,
      headers: { ...rest.headers, 'stripe-version': '2026-08-26.dahlia' },
      body: body.replace('allowed_payment_method_types', 'payment_method_types'),
    }));
    expect(old).toEqual(
      renamed.map(({ method, url, headers, body }) => ({ method, url, headers, body })),
    );
  });

  test('every request of ours is compared', () => {
    const names = ourStripeRequests(API_VERSION).map(({ name }) => name);
    expect(Object.keys(BY_SDK).toSorted()).toEqual(names.toSorted());
  });
});
