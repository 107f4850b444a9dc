// What we ask of Stripe, as pure functions. Every writing request carries its own idempotency key; the
// credential is added just before sending and never stored.

import type { HttpRequest } from '../../../platform/outside/http-exchange.ts';
import { present } from '../../../shared/assert.ts';
import type { Instant } from '../../../shared/world.ts';
import type { OperationView } from '../outcome.ts';
import { encodeForm, type FormValue } from './form.ts';

export interface StripeRequestSettings {
  /** Pinned, so that a default changed at Stripe changes nothing here. */
  apiVersion: string;
}

type Fields = { readonly [name: string]: FormValue | undefined };

export function buildOperation(settings: StripeRequestSettings, view: OperationView): HttpRequest {
  const write = (path: string, fields: Fields): HttpRequest =>
    post(settings, path, { fields, key: `${view.idempotencyKey}:${view.step}` });
  switch (view.step) {
    case 'create':
      return write('/v1/payment_intents', creation(view));
    case 'confirm':
      return write(`${intentPath(view)}/confirm`, { off_session: true });
    case 'capture':
      return write(`${intentPath(view)}/capture`, { amount_to_capture: view.amountMinor });
    case 'cancel':
      return write(`${intentPath(view)}/cancel`, { cancellation_reason: 'requested_by_customer' });
    case 'refund':
      return write('/v1/refunds', {
        payment_intent: present(view.attemptRef, 'the payment intent to refund'),
        amount: view.amountMinor,
        metadata: metadataOf(view),
      });
  }
}

/** Unconfirmed: no money moves, and the id is known before any does. */
function creation(view: OperationView): Fields {
  return {
    amount: view.amountMinor,
    currency: view.currency.toLowerCase(),
    customer: view.customerRef,
    payment_method: view.methodRef,
    capture_method: 'manual',
    // Nobody is there to be redirected.
    automatic_payment_methods: { enabled: true, allow_redirects: 'never' },
    description: view.description ?? undefined,
    metadata: metadataOf(view),
  };
}

function metadataOf(view: OperationView): Fields {
  return {
    operation_id: view.operationId,
    payment_id: view.paymentId,
    organization_id: view.orgId,
  };
}

/** How far Stripe's clock may be behind ours when a list is bounded by our time. */
const CLOCK_SLACK_MS = 3_600_000;
const LIST_MAX = 100;

/** By id where it is known; otherwise among the customer's or the payment's own, by our reference. */
export function lookupOperation(settings: StripeRequestSettings, view: OperationView): HttpRequest {
  if (view.kind === 'refund') {
    const query = { payment_intent: view.attemptRef ?? '', limit: LIST_MAX };
    return get(settings, `/v1/refunds?${encodeForm(query)}`);
  }
  if (view.attemptRef !== null) return get(settings, intentPath(view));
  const since = Math.floor(((view.firstSentAt ?? 0) - CLOCK_SLACK_MS) / 1_000);
  const query = {
    customer: view.customerRef,
    limit: LIST_MAX,
    created: { gte: Math.max(0, since) },
  };
  return get(settings, `/v1/payment_intents?${encodeForm(query)}`);
}

export interface MethodView {
  orgId: string;
  personId: string;
  methodId: string;
  customerRef: string | null;
  returnUrl: string;
  /** Unique to the step and its try. */
  idempotencyKey: string;
}

/** No name, no address: Stripe learns ids of ours and what the person types into its own page. */
export function buildCustomer(settings: StripeRequestSettings, view: MethodView): HttpRequest {
  const fields = { metadata: { person_id: view.personId, organization_id: view.orgId } };
  return post(settings, '/v1/customers', { fields, key: view.idempotencyKey });
}

/** With this version Stripe renamed the parameter; each name is unknown to the versions of the other. */
const TYPES_RENAMED = '2026-09-30';

export function buildSetupSession(settings: StripeRequestSettings, view: MethodView): HttpRequest {
  const isNew = settings.apiVersion >= TYPES_RENAMED;
  const metadata = { payment_method_id: view.methodId, organization_id: view.orgId };
  const fields = {
    mode: 'setup',
    customer: present(view.customerRef, 'the customer of a set-up session'),
    [isNew ? 'allowed_payment_method_types' : 'payment_method_types']: ['card'],
    success_url: view.returnUrl,
    metadata,
    setup_intent_data: { metadata },
  };
  return post(settings, '/v1/checkout/sessions', { fields, key: view.idempotencyKey });
}

export function fetchSetupSession(
  settings: StripeRequestSettings,
  sessionRef: string,
): HttpRequest {
  const query = encodeForm({ expand: ['setup_intent', 'setup_intent.payment_method'] });
  return get(settings, `/v1/checkout/sessions/${encodeURIComponent(sessionRef)}?${query}`);
}

export function fetchIntent(settings: StripeRequestSettings, intentRef: string): HttpRequest {
  return get(settings, `/v1/payment_intents/${encodeURIComponent(intentRef)}`);
}

export function fetchRefund(settings: StripeRequestSettings, refundRef: string): HttpRequest {
  return get(settings, `/v1/refunds/${encodeURIComponent(refundRef)}`);
}

/** Newest first within a page; `after` walks towards the present, `before` into the past. */
export function listEvents(
  settings: StripeRequestSettings,
  window: { since: Instant; after?: string; before?: string },
): HttpRequest {
  const query = {
    limit: LIST_MAX,
    ending_before: window.after,
    starting_after: window.before,
    created: window.after === undefined ? { gte: Math.floor(window.since / 1_000) } : undefined,
  };
  return get(settings, `/v1/events?${encodeForm(query)}`);
}

function intentPath(view: OperationView): string {
  const id = present(view.attemptRef, `the payment intent of ${view.operationId}`);
  return `/v1/payment_intents/${encodeURIComponent(id)}`;
}

function post(
  { apiVersion }: StripeRequestSettings,
  path: string,
  { fields, key }: { fields: Fields; key: string },
): HttpRequest {
  return {
    method: 'POST',
    path,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'stripe-version': apiVersion,
      'idempotency-key': key,
    },
    body: encodeForm(fields),
  };
}

function get({ apiVersion }: StripeRequestSettings, path: string): HttpRequest {
  return { method: 'GET', path, headers: { 'stripe-version': apiVersion }, body: null };
}
