// Stripe as a provider of payments: its requests and answers put together. No state, no network.

import type { HttpRequest, HttpResponse } from '../../../platform/outside/http-exchange.ts';
import type { ObjectOwner, PaymentProvider } from '../outcome.ts';
import type { StripeSettings } from '../settings.ts';
import {
  intentOutcome,
  isJson,
  parseBody,
  parseOperation,
  parseOperationLookup,
  refundOutcome,
  textOf,
} from './stripe-answers.ts';
import { buildOperation, fetchIntent, fetchRefund, lookupOperation } from './stripe-requests.ts';

export function createStripe(settings: StripeSettings): PaymentProvider {
  return {
    name: 'stripe',
    keyWindowMs: settings.idempotencyWindowMs,
    build: (view) => buildOperation(settings, view),
    parse: parseOperation,
    lookup: (view) => lookupOperation(settings, view),
    parseLookup: parseOperationLookup,
    fetch: (objectRef) => {
      if (objectRef.startsWith('pi_')) return fetchIntent(settings, objectRef);
      return objectRef.startsWith('re_') ? fetchRefund(settings, objectRef) : null;
    },
    ownerOf: stripeOwner,
    parseFetched: (view, response) => {
      const object = parseBody(response);
      if (response.status !== 200 || object === null)
        return { kind: 'unknown', reason: `a fetch answered ${response.status}` };
      if (view.kind === 'refund') return refundOutcome(view, object);
      const id = textOf(object['id']);
      // Its id was not known here: the reply to the creation was lost.
      if (view.attemptRef === null && view.step === 'create' && id !== null)
        return parseOperation(view, response);
      return intentOutcome(view, object);
    },
    sign: (request) => signStripe(settings, request),
  };
}

export function signStripe({ secretKey }: StripeSettings, request: HttpRequest): HttpRequest {
  return { ...request, headers: { ...request.headers, authorization: `Bearer ${secretKey}` } };
}

function stripeOwner(response: HttpResponse): ObjectOwner | null {
  const object = parseBody(response);
  const metadata = isJson(object?.['metadata']) ? object['metadata'] : {};
  const orgId = textOf(metadata['organization_id']);
  const paymentId = textOf(metadata['payment_id']);
  const operationId = textOf(metadata['operation_id']);
  if (response.status !== 200 || orgId === null || paymentId === null || operationId === null)
    return null;
  return { orgId, paymentId, operationId };
}
