// What Stripe's answers mean, as pure functions. An answer that does not prove an outcome is `unknown`:
// any 5xx (it may come from a gateway before or after the fact), a body that is not JSON, a shape we do
// not know.

import type { HttpResponse } from '../../../platform/outside/http-exchange.ts';
import type { Found, OperationView, Outcome } from '../outcome.ts';
import { declineClass } from './stripe-declines.ts';

type Json = Readonly<Record<string, unknown>>;

export function parseOperation(view: OperationView, response: HttpResponse): Outcome {
  const body = parseBody(response);
  if (response.status >= 200 && response.status < 300) {
    if (body === null) return unknown('a success whose body is not a JSON object');
    if (view.step === 'refund') return certain(refundOutcome(view, body));
    return view.step === 'create'
      ? creationOutcome(view, body)
      : certain(intentOutcome(view, body));
  }
  return errorOutcome(view, response, body);
}

export function parseOperationLookup(view: OperationView, response: HttpResponse): Found {
  const body = parseBody(response);
  if (response.status === 404) return { kind: 'miss', reason: 'Stripe does not know it (404)' };
  if (response.status !== 200 || body === null) {
    return unknown(`a look-up answered ${response.status}, which says nothing about the charge`);
  }
  if (view.kind !== 'refund' && view.attemptRef !== null) return intentOutcome(view, body);
  const items = Array.isArray(body['data']) ? (body['data'] as unknown[]).filter(isJson) : null;
  if (items === null) return unknown('a list without data');
  const own = items.find((item) => referenceOf(item) === view.operationId);
  if (own === undefined) {
    // A list that ends before our time proves nothing about what is beyond its end.
    return body['has_more'] === true
      ? unknown('more objects than one page to look through')
      : { kind: 'miss', reason: `not among ${items.length} objects` };
  }
  return view.kind === 'refund' ? refundOutcome(view, own) : creationOutcome(view, own);
}

/** An intent as it stands, read for one operation of ours. */
export function intentOutcome(view: OperationView, intent: Json): Found {
  const wrong = mismatchOf(view, intent);
  if (wrong !== null) return { kind: 'integrity', reason: wrong };
  const id = String(intent['id']);
  const status = String(intent['status']);
  switch (view.kind) {
    case 'authorise':
      return authorisation(id, status, intent);
    case 'capture':
      return captureOutcome(view, { id, status, intent });
    case 'void':
      if (status === 'canceled')
        return { kind: 'succeeded', providerRef: id, amountMinor: view.amountMinor };
      if (status === 'succeeded') return declined('already_captured');
      return { kind: 'miss', reason: `the payment intent is ${status}` };
    case 'refund':
      return unknown('a payment intent says nothing about one refund');
  }
}

export function refundOutcome(view: OperationView, refund: Json): Found {
  if (referenceOf(refund) !== view.operationId)
    return { kind: 'integrity', reason: 'the refund carries another operation id' };
  if (refund['amount'] !== view.amountMinor || refund['currency'] !== view.currency.toLowerCase())
    return {
      kind: 'integrity',
      reason: amountMismatch(view, refund['amount'], refund['currency']),
    };
  const id = String(refund['id']);
  const status = String(refund['status']);
  switch (status) {
    case 'succeeded':
      return { kind: 'succeeded', providerRef: id, amountMinor: view.amountMinor };
    case 'failed':
    case 'canceled':
      return declined(textOf(refund['failure_reason']) ?? status);
    default:
      return { kind: 'pending', reason: `the refund is ${status}` };
  }
}

function creationOutcome(view: OperationView, intent: Json): Outcome {
  const wrong = mismatchOf(view, intent);
  if (wrong !== null) return { kind: 'integrity', reason: wrong };
  return { kind: 'step_done', providerRef: String(intent['id']) };
}

function authorisation(id: string, status: string, intent: Json): Found {
  switch (status) {
    case 'requires_capture':
    case 'succeeded':
      return { kind: 'succeeded', providerRef: id, amountMinor: Number(intent['amount']) };
    case 'requires_payment_method': {
      const error = intent['last_payment_error'];
      if (isJson(error)) return declined(codeOf(error));
      return { kind: 'miss', reason: 'the payment intent was never confirmed' };
    }
    case 'requires_confirmation':
      return { kind: 'miss', reason: 'the payment intent is not confirmed' };
    case 'canceled':
      return declined('canceled');
    default:
      // requires_action, processing, and states Stripe may add: it has it, and no result yet.
      return { kind: 'pending', reason: `the payment intent is ${status}` };
  }
}

function captureOutcome(
  view: OperationView,
  { id, status, intent }: { id: string; status: string; intent: Json },
): Found {
  if (status === 'succeeded') {
    const received = intent['amount_received'];
    return received === view.amountMinor
      ? { kind: 'succeeded', providerRef: id, amountMinor: view.amountMinor }
      : { kind: 'integrity', reason: amountMismatch(view, received, intent['currency']) };
  }
  if (status === 'canceled') return declined('canceled');
  if (status === 'processing')
    return { kind: 'pending', reason: 'the payment intent is processing' };
  return { kind: 'miss', reason: `the payment intent is ${status}` };
}

function errorOutcome(view: OperationView, response: HttpResponse, body: Json | null): Outcome {
  const { status, headers } = response;
  const error = isJson(body?.['error']) ? body['error'] : {};
  const type = textOf(error['type']);
  const said = `${status} ${[type, textOf(error['code'])].filter(Boolean).join(' ')}`.trim();
  if (status >= 500) return unknown(said, headers['idempotent-replayed'] === 'true');
  if (type === 'idempotency_error' && status === 400)
    return { kind: 'integrity', reason: 'the key was used with other parameters' };
  if (status === 402 && type === 'card_error') return declined(codeOf(error));
  if (status === 409 && error['code'] === 'idempotency_key_in_use')
    return { kind: 'in_flight', reason: said };
  if (status === 429)
    return { kind: 'not_executed', reason: said, alert: false, ...retryAfter(headers) };
  if (status === 401 || status === 403) return { kind: 'not_executed', reason: said, alert: true };
  if (status === 400 && isJson(error['payment_intent']) && view.step !== 'create')
    return certain(intentOutcome(view, error['payment_intent']));
  // 4xx before execution: Stripe checks a request before it acts on it and stores nothing of it.
  if (status === 400 || (status === 404 && view.step === 'create'))
    return { kind: 'refused', reason: `${said} ${textOf(error['param']) ?? ''}`.trim() };
  return unknown(said);
}

/** In a reply to a write, "not executed" is no answer: the next step is a look-up. */
function certain(found: Found): Outcome {
  return found.kind === 'miss' ? unknown(found.reason) : found;
}

/** Amount, currency and our own reference must come back as they were sent. */
function mismatchOf(view: OperationView, intent: Json): string | null {
  if (intent['object'] !== 'payment_intent')
    return `expected a payment intent, found ${String(intent['object'])}`;
  const metadata = isJson(intent['metadata']) ? intent['metadata'] : {};
  if (metadata['payment_id'] !== view.paymentId)
    return 'the payment intent carries another payment id';
  if (view.kind === 'authorise') {
    if (metadata['operation_id'] !== view.operationId)
      return 'the payment intent carries another operation id';
    if (intent['amount'] !== view.amountMinor)
      return amountMismatch(view, intent['amount'], intent['currency']);
  }
  if (intent['currency'] !== view.currency.toLowerCase())
    return amountMismatch(view, intent['amount'], intent['currency']);
  return null;
}

function amountMismatch(view: OperationView, amount: unknown, currency: unknown): string {
  return `expected ${view.amountMinor} ${view.currency}, found ${String(amount)} ${String(currency)}`;
}

export function referenceOf(object: Json): string | null {
  const metadata = object['metadata'];
  return isJson(metadata) ? textOf(metadata['operation_id']) : null;
}

function codeOf(error: Json): string {
  return textOf(error['decline_code']) ?? textOf(error['code']) ?? 'card_declined';
}

function declined(code: string): Outcome {
  return { kind: 'declined', class: declineClass(code), code };
}

function unknown(reason: string, stored = false): Extract<Outcome, { kind: 'unknown' }> {
  return { kind: 'unknown', reason, ...(stored ? { stored } : {}) };
}

function retryAfter(headers: HttpResponse['headers']): { afterMs?: number } {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? { afterMs: Math.ceil(seconds * 1_000) } : {};
}

export function parseBody(response: HttpResponse): Json | null {
  try {
    const parsed: unknown = JSON.parse(response.body);
    return isJson(parsed) ? parsed : null;
  } catch {
    return null; // translated by the caller: a body that is no JSON proves nothing
  }
}

export function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
