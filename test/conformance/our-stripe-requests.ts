// Every request our adapter sends to Stripe, one of each kind, as it would be stored and signed.

import type { OperationView } from '../../server/domains/payments/outcome.ts';
import { createStripe } from '../../server/domains/payments/providers/stripe.ts';
import {
  buildCustomer,
  buildSetupSession,
  fetchIntent,
  fetchRefund,
  fetchSetupSession,
  listEvents,
  type MethodView,
} from '../../server/domains/payments/providers/stripe-requests.ts';
import type { HttpRequest } from '../../server/platform/outside/http-exchange.ts';

export interface OurRequest {
  name: string;
  request: HttpRequest;
}

export const SAMPLE = {
  secretKey: 'sk_test_conformance',
  orgId: 'org_a',
  paymentId: 'pay_a',
  personId: 'per_a',
  methodId: 'pmt_a',
  customerRef: 'cus_a',
  cardRef: 'pm_card_visa',
  intentRef: 'pi_a',
  refundRef: 're_a',
  sessionRef: 'cs_a',
  key: '914f327a-d89b-502c-9bb8-f83fdbe5910d',
  amountMinor: 1_234,
  returnUrl: 'https://example.test/back?a=1&b=ä',
  description: 'Lunch & coffee, 100 % [fair]',
  at: 1_790_000_000_000,
} as const;

export function ourStripeRequests(apiVersion: string): OurRequest[] {
  const settings = { secretKey: SAMPLE.secretKey, apiVersion, idempotencyWindowMs: 86_400_000 };
  const stripe = createStripe(settings);
  const view = (more: Partial<OperationView>): OperationView => ({
    orgId: SAMPLE.orgId,
    paymentId: SAMPLE.paymentId,
    operationId: 'opr_a',
    kind: 'authorise',
    step: 'create',
    amountMinor: SAMPLE.amountMinor,
    currency: 'EUR',
    idempotencyKey: SAMPLE.key,
    customerRef: SAMPLE.customerRef,
    methodRef: SAMPLE.cardRef,
    attemptRef: SAMPLE.intentRef,
    description: SAMPLE.description,
    firstSentAt: SAMPLE.at,
    ...more,
  });
  const method: MethodView = {
    orgId: SAMPLE.orgId,
    personId: SAMPLE.personId,
    methodId: SAMPLE.methodId,
    customerRef: SAMPLE.customerRef,
    returnUrl: SAMPLE.returnUrl,
    idempotencyKey: SAMPLE.key,
  };
  const create = view({ attemptRef: null });
  const refund = view({ kind: 'refund', step: 'refund', amountMinor: 500 });
  const requests: [string, HttpRequest][] = [
    ['create a customer', buildCustomer(settings, method)],
    ['create a set-up session', buildSetupSession(settings, method)],
    ['fetch a set-up session', fetchSetupSession(settings, SAMPLE.sessionRef)],
    ['create a payment intent', stripe.build(create)],
    ['confirm', stripe.build(view({ step: 'confirm' }))],
    ['capture', stripe.build(view({ kind: 'capture', step: 'capture' }))],
    ['cancel', stripe.build(view({ kind: 'void', step: 'cancel' }))],
    ['refund', stripe.build(refund)],
    ['look an intent up by id', stripe.lookup(view({}))],
    ['look an intent up among the customer’s', stripe.lookup(create)],
    ['look a refund up', stripe.lookup(refund)],
    ['fetch an intent', fetchIntent(settings, SAMPLE.intentRef)],
    ['fetch a refund', fetchRefund(settings, SAMPLE.refundRef)],
    ['list events from a time', listEvents(settings, { since: SAMPLE.at })],
    ['list events after one', listEvents(settings, { since: SAMPLE.at, after: 'evt_a' })],
    ['list events before one', listEvents(settings, { since: SAMPLE.at, before: 'evt_a' })],
  ];
  return requests.map(([name, request]) => ({ name, request: stripe.sign(request) }));
}
