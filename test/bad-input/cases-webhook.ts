// Wrong deliveries to the ingress address of a provider. What does not verify is kept aside as evidence,
// in bounded numbers, and believed in nothing.

import { createHmac } from 'node:crypto';
import type { BadCase } from './bad-case.ts';
import { ask } from './send-http.ts';
import type { Stage } from './stage.ts';

const KEPT = {
  inbox_event: 'what was refused is kept aside in bounded numbers, as evidence',
};
const KEPT_AND_LOOKED_UP = {
  ...KEPT,
  outbox_msg: 'the object it names is looked up at the provider',
  outbox_lane: 'the first message to this provider makes its lane',
};
const EVENT = {
  id: 'evt_forged',
  object: 'event',
  type: 'payment_intent.succeeded',
  created: 1_795_255_200,
  data: { object: { id: 'pi_forged', object: 'payment_intent', amount: 100_000 } },
};

type Delivery = {
  title: string;
  provider: 'stripe' | 'veriff';
  headers: (stage: Stage, body: string) => Record<string, string>;
  body?: string;
  code?: string;
  says?: readonly string[];
};

const nowS = (): number => Math.floor(Date.now() / 1_000);
const stripeSignature = (secret: string, body: string, atS: number): Record<string, string> => ({
  'stripe-signature': `t=${atS},v1=${hmac(secret, `${atS}.${body}`)}`,
});

const DELIVERIES: readonly Delivery[] = [
  {
    title: 'a Stripe event without a signature',
    provider: 'stripe',
    headers: () => ({}),
  },
  {
    title: 'a Stripe event signed with a secret that is not ours',
    provider: 'stripe',
    headers: (_stage, body) => stripeSignature('whsec_other', body, nowS()),
  },
  {
    title: 'a Stripe event whose amount was changed after signing',
    provider: 'stripe',
    headers: ({ secrets }, body) =>
      stripeSignature(secrets.stripeWebhook, body.replace('100000', '1'), nowS()),
  },
  {
    title: 'a Stripe event signed ten minutes ago (a replay)',
    provider: 'stripe',
    headers: ({ secrets }, body) => stripeSignature(secrets.stripeWebhook, body, nowS() - 600),
  },
  {
    title: 'a Stripe event signed ten minutes ahead',
    provider: 'stripe',
    headers: ({ secrets }, body) => stripeSignature(secrets.stripeWebhook, body, nowS() + 600),
  },
  {
    title: 'a Stripe signature without its time',
    provider: 'stripe',
    headers: ({ secrets }, body) => ({
      'stripe-signature': `v1=${hmac(secrets.stripeWebhook, body)}`,
    }),
  },
  {
    title: 'a Veriff decision without a signature',
    provider: 'veriff',
    headers: () => ({ 'x-auth-client': 'veriff-api-key' }),
  },
  {
    title: 'a Veriff decision signed with a secret that is not ours',
    provider: 'veriff',
    headers: (_stage, body) => ({
      'x-auth-client': 'veriff-api-key',
      'x-hmac-signature': hmac('other', body),
    }),
  },
  {
    title: 'a Veriff signature of the wrong length',
    provider: 'veriff',
    headers: () => ({ 'x-auth-client': 'veriff-api-key', 'x-hmac-signature': 'abcd' }),
  },
  {
    title: 'a well-signed body that is not JSON',
    provider: 'stripe',
    body: 'not json at all',
    headers: ({ secrets }, body) => stripeSignature(secrets.stripeWebhook, body, nowS()),
    code: '200',
    says: ['"stored":1'],
  },
  {
    title: 'a well-signed JSON that is no event',
    provider: 'stripe',
    body: '{"hello":"world"}',
    headers: ({ secrets }, body) => stripeSignature(secrets.stripeWebhook, body, nowS()),
    code: '200',
    says: ['"stored":1'],
  },
];

export const WEBHOOK_CASES: readonly BadCase[] = [
  ...DELIVERIES.map((delivery, index): BadCase => {
    const { title, provider, headers, code, says } = delivery;
    return {
      id: `webhook-${String(index + 1).padStart(2, '0')}`,
      edge: 'webhook',
      title,
      send: (stage) => {
        // Each is a body of its own: the same refused bytes twice are kept once.
        const body = delivery.body ?? JSON.stringify({ ...EVENT, id: `evt_forged_${index}` });
        return ask(stage, {
          path: stage.ingress[provider],
          key: null,
          headers: { 'content-type': 'application/json', ...headers(stage, body) },
          body,
        });
      },
      expect: {
        code: code ?? '401 signature_invalid',
        says: says ?? ['Expected a signature by an active secret of ours'],
      },
      leaves: provider === 'veriff' ? KEPT_AND_LOOKED_UP : KEPT,
    };
  }),
  {
    id: `webhook-${DELIVERIES.length + 1}`,
    edge: 'webhook',
    title: 'a delivery to an address that nobody has',
    send: (stage) =>
      ask(stage, {
        path: '/v1/ingress/pac_00000000000000000000000000',
        key: null,
        headers: { 'content-type': 'application/json' },
        body: '{}',
      }),
    expect: { code: '404 not_found', says: ['There is no provider account with the id'] },
  },
  {
    id: `webhook-${DELIVERIES.length + 2}`,
    edge: 'webhook',
    title: 'a delivery of two mebibytes',
    send: (stage) =>
      ask(stage, {
        path: stage.ingress.stripe,
        key: null,
        headers: { 'content-type': 'application/json' },
        body: Buffer.alloc(2 * 1_048_576, 0x20),
      }),
    expect: { code: '413 body_too_large', says: ['Expected a body', 'found 2097152'] },
  },
];

function hmac(secret: string, text: string): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}
