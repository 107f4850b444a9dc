import { describe, expect, test } from '@jest/globals';
import type { OperationView } from '../../../../server/domains/payments/outcome.ts';
import {
  parseOperation,
  parseOperationLookup,
} from '../../../../server/domains/payments/providers/stripe-answers.ts';
import type { HttpResponse } from '../../../../server/platform/outside/http-exchange.ts';

const view = (more: Partial<OperationView> = {}): OperationView => ({
  orgId: 'org_a',
  paymentId: 'pay_a',
  operationId: 'opr_a',
  kind: 'authorise',
  step: 'confirm',
  amountMinor: 1_234,
  currency: 'EUR',
  idempotencyKey: 'key',
  customerRef: 'cus_a',
  methodRef: 'pm_a',
  attemptRef: 'pi_a',
  description: null,
  firstSentAt: null,
  ...more,
});
const CAPTURE = view({ kind: 'capture', step: 'capture', operationId: 'opr_c' });
const VOID = view({ kind: 'void', step: 'cancel', operationId: 'opr_v' });
const REFUND = view({ kind: 'refund', step: 'refund', operationId: 'opr_r', amountMinor: 500 });

const intent = (more: object = {}) => ({
  id: 'pi_a',
  object: 'payment_intent',
  amount: 1_234,
  amount_received: 0,
  currency: 'eur',
  status: 'requires_capture',
  last_payment_error: null,
  metadata: { operation_id: 'opr_a', payment_id: 'pay_a', organization_id: 'org_a' },
  ...more,
});
const refund = (more: object = {}) => ({
  id: 're_a',
  object: 'refund',
  amount: 500,
  currency: 'eur',
  status: 'succeeded',
  metadata: { operation_id: 'opr_r', payment_id: 'pay_a', organization_id: 'org_a' },
  ...more,
});
const answer = (
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): HttpResponse => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const failure = (status: number, error: object, headers = {}): HttpResponse =>
  answer(status, { error }, headers);

describe('a reply to a write', () => {
  const cases: [string, OperationView, HttpResponse, object][] = [
    [
      'created',
      view({ step: 'create', attemptRef: null }),
      answer(200, intent({ status: 'requires_confirmation' })),
      { kind: 'step_done', providerRef: 'pi_a' },
    ],
    [
      'confirmed',
      view(),
      answer(200, intent()),
      { kind: 'succeeded', providerRef: 'pi_a', amountMinor: 1_234 },
    ],
    ['processing', view(), answer(200, intent({ status: 'processing' })), { kind: 'pending' }],
    [
      'wants its holder',
      view(),
      answer(200, intent({ status: 'requires_action' })),
      { kind: 'pending' },
    ],
    [
      'a state Stripe may add',
      view(),
      answer(200, intent({ status: 'novel' })),
      { kind: 'pending' },
    ],
    [
      'captured',
      CAPTURE,
      answer(200, intent({ status: 'succeeded', amount_received: 1_234 })),
      { kind: 'succeeded', amountMinor: 1_234 },
    ],
    ['cancelled', VOID, answer(200, intent({ status: 'canceled' })), { kind: 'succeeded' }],
    [
      'refunded',
      REFUND,
      answer(200, refund()),
      { kind: 'succeeded', providerRef: 're_a', amountMinor: 500 },
    ],
    ['refund pends', REFUND, answer(200, refund({ status: 'pending' })), { kind: 'pending' }],
    [
      'refund fails',
      REFUND,
      answer(200, refund({ status: 'failed', failure_reason: 'lost_or_stolen_card' })),
      { kind: 'declined', code: 'lost_or_stolen_card' },
    ],
    [
      'declined softly',
      view(),
      failure(402, {
        type: 'card_error',
        code: 'card_declined',
        decline_code: 'insufficient_funds',
      }),
      { kind: 'declined', class: 'soft', code: 'insufficient_funds' },
    ],
    [
      'declined for good',
      view(),
      failure(402, { type: 'card_error', code: 'expired_card', decline_code: 'expired_card' }),
      { kind: 'declined', class: 'hard' },
    ],
    [
      'stolen',
      view(),
      failure(402, { type: 'card_error', code: 'card_declined', decline_code: 'stolen_card' }),
      { kind: 'declined', class: 'fraud' },
    ],
    [
      'wants its holder, off session',
      view(),
      failure(402, {
        type: 'card_error',
        code: 'authentication_required',
        decline_code: 'authentication_required',
      }),
      { kind: 'declined', class: 'customer' },
    ],
    [
      'declined in a new word',
      view(),
      failure(402, { type: 'card_error', code: 'card_declined', decline_code: 'novel' }),
      { kind: 'declined', class: 'unknown', code: 'novel' },
    ],
    [
      'in flight',
      view(),
      failure(409, { type: 'idempotency_error', code: 'idempotency_key_in_use' }),
      { kind: 'in_flight' },
    ],
    [
      'another conflict',
      view(),
      failure(409, { type: 'invalid_request_error', code: 'lock_timeout' }),
      { kind: 'unknown' },
    ],
    [
      'too many',
      view(),
      failure(429, { type: 'invalid_request_error', code: 'rate_limit' }, { 'retry-after': '2' }),
      { kind: 'not_executed', afterMs: 2_000, alert: false },
    ],
    [
      'no credential',
      view(),
      failure(401, { type: 'invalid_request_error' }),
      { kind: 'not_executed', alert: true },
    ],
    [
      'no permission',
      view(),
      failure(403, { type: 'invalid_request_error' }),
      { kind: 'not_executed', alert: true },
    ],
    [
      'malformed',
      view({ step: 'create', attemptRef: null }),
      failure(400, { type: 'invalid_request_error', code: 'parameter_unknown', param: 'x' }),
      { kind: 'refused' },
    ],
    [
      'other parameters under our key',
      view(),
      failure(400, { type: 'idempotency_error' }),
      { kind: 'integrity' },
    ],
    ['a gateway’s page', view(), answer(502, '<html>'), { kind: 'unknown', reason: '502' }],
    ['unavailable', view(), failure(503, { type: 'api_error' }), { kind: 'unknown' }],
    [
      'a stored failure',
      view(),
      failure(500, { type: 'api_error' }, { 'idempotent-replayed': 'true' }),
      { kind: 'unknown', stored: true },
    ],
    ['a success that is no JSON', view(), answer(200, 'OK'), { kind: 'unknown' }],
    ['a success that is an array', view(), answer(200, '[]'), { kind: 'unknown' }],
    ['a redirect', view(), answer(302, ''), { kind: 'unknown' }],
    [
      'confirmed before',
      view(),
      failure(400, {
        type: 'invalid_request_error',
        code: 'payment_intent_unexpected_state',
        payment_intent: intent(),
      }),
      { kind: 'succeeded' },
    ],
    [
      'captured before',
      CAPTURE,
      failure(400, {
        code: 'payment_intent_unexpected_state',
        payment_intent: intent({ status: 'succeeded', amount_received: 1_234 }),
      }),
      { kind: 'succeeded' },
    ],
    [
      'lapsed before the capture',
      CAPTURE,
      failure(400, {
        code: 'payment_intent_unexpected_state',
        payment_intent: intent({ status: 'canceled' }),
      }),
      { kind: 'declined', code: 'canceled' },
    ],
    [
      'captured before the void',
      VOID,
      failure(400, {
        code: 'payment_intent_unexpected_state',
        payment_intent: intent({ status: 'succeeded' }),
      }),
      { kind: 'declined', code: 'already_captured' },
    ],
    [
      'not done, says a success',
      view(),
      answer(200, intent({ status: 'requires_confirmation' })),
      { kind: 'unknown' },
    ],
  ];
  for (const [name, of, response, outcome] of cases) {
    test(name, () => expect(parseOperation(of, response)).toMatchObject(outcome));
  }
});

describe('what comes back must be what was asked', () => {
  const wrong: [string, OperationView, object][] = [
    ['another amount', view(), intent({ amount: 1_235 })],
    ['another currency', view(), intent({ currency: 'usd' })],
    [
      'another operation',
      view(),
      intent({ metadata: { operation_id: 'opr_z', payment_id: 'pay_a' } }),
    ],
    [
      'another payment',
      CAPTURE,
      intent({ status: 'succeeded', amount_received: 1_234, metadata: { payment_id: 'pay_z' } }),
    ],
    ['another captured sum', CAPTURE, intent({ status: 'succeeded', amount_received: 1_000 })],
    ['another object', view(), intent({ object: 'charge' })],
    ['a refund of another amount', REFUND, refund({ amount: 501 })],
    ['a refund of another operation', REFUND, refund({ metadata: {} })],
  ];
  for (const [name, of, body] of wrong) {
    test(name, () => {
      expect(parseOperation(of, answer(200, body)).kind).toBe('integrity');
    });
  }
});

describe('a look-up', () => {
  const list = (data: unknown[], hasMore = false) =>
    answer(200, { object: 'list', data, has_more: hasMore });
  const created = view({ step: 'create', attemptRef: null });
  const declined = { decline_code: 'generic_decline', code: 'card_declined' };
  const cases: [string, OperationView, HttpResponse, object][] = [
    ['done', view(), answer(200, intent()), { kind: 'succeeded' }],
    [
      'not confirmed yet',
      view(),
      answer(200, intent({ status: 'requires_confirmation' })),
      { kind: 'miss' },
    ],
    [
      'declined',
      view(),
      answer(200, intent({ status: 'requires_payment_method', last_payment_error: declined })),
      { kind: 'declined', class: 'soft' },
    ],
    [
      'never confirmed',
      view(),
      answer(200, intent({ status: 'requires_payment_method' })),
      { kind: 'miss' },
    ],
    [
      'cancelled there',
      view(),
      answer(200, intent({ status: 'canceled' })),
      { kind: 'declined', class: 'hard' },
    ],
    ['not captured yet', CAPTURE, answer(200, intent()), { kind: 'miss' }],
    ['not cancelled yet', VOID, answer(200, intent()), { kind: 'miss' }],
    ['not known', view(), failure(404, { code: 'resource_missing' }), { kind: 'miss' }],
    ['refused says nothing', view(), failure(403, {}), { kind: 'unknown' }],
    ['limited says nothing', view(), failure(429, {}), { kind: 'unknown' }],
    ['broken says nothing', view(), answer(500, ''), { kind: 'unknown' }],
    [
      'found among the customer’s',
      created,
      list([intent({ id: 'pi_z', metadata: {} }), intent()]),
      { kind: 'step_done', providerRef: 'pi_a' },
    ],
    ['not among the customer’s', created, list([intent({ metadata: {} })]), { kind: 'miss' }],
    [
      'a list that goes on proves nothing',
      created,
      list([intent({ metadata: {} })], true),
      { kind: 'unknown' },
    ],
    ['a refund found', REFUND, list([refund()]), { kind: 'succeeded', providerRef: 're_a' }],
    ['a refund not found', REFUND, list([refund({ metadata: {} })]), { kind: 'miss' }],
    ['no list at all', created, answer(200, {}), { kind: 'unknown' }],
  ];
  for (const [name, of, response, found] of cases) {
    test(name, () => expect(parseOperationLookup(of, response)).toMatchObject(found));
  }
});
