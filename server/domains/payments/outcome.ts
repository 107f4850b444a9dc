// What an answer of a provider says about an operation, in words that no provider owns. Ignorance is an
// outcome of its own and never a failure.

import type { HttpRequest, HttpResponse } from '../../platform/outside/http-exchange.ts';
import type { DeclineClass, OperationKind, OperationStep } from './operation.ts';
import type { Instant } from '../../shared/world.ts';

export type Outcome =
  /** The current step is done and another follows. */
  | { kind: 'step_done'; providerRef: string }
  | { kind: 'succeeded'; providerRef: string; amountMinor: number }
  | { kind: 'pending'; reason: string }
  | { kind: 'declined'; class: DeclineClass; code: string }
  /** Refused before execution; the same request may do later. `alert`: a person must mend something. */
  | { kind: 'not_executed'; reason: string; afterMs?: number; alert: boolean }
  /** Refused before execution, and repeating it will not help. */
  | { kind: 'refused'; reason: string }
  /** A request with our key is running right now. */
  | { kind: 'in_flight'; reason: string }
  /** `stored`: the provider will answer the same key with the same failure for ever. */
  | { kind: 'unknown'; reason: string; stored?: boolean }
  /** What the provider has is not what we asked for. */
  | { kind: 'integrity'; reason: string };

/** A look-up that found nothing, or found it not executed. One of them proves nothing. */
export type Found = Outcome | { kind: 'miss'; reason: string };

/** All that a pure `build` or `parse` may know of an operation. */
export interface OperationView {
  orgId: string;
  paymentId: string;
  operationId: string;
  kind: OperationKind;
  step: OperationStep;
  amountMinor: number;
  currency: string;
  idempotencyKey: string;
  customerRef: string;
  methodRef: string;
  /** The provider's object for the whole attempt, once it is known. */
  attemptRef: string | null;
  description: string | null;
  firstSentAt: Instant | null;
}

/** A provider of payments, as data and pure functions. What it cannot do has no default here. */
export interface PaymentProvider {
  readonly name: string;
  /** How long an idempotency key is remembered. */
  readonly keyWindowMs: number;
  /** Without the credential: what this returns is stored. */
  build(view: OperationView): HttpRequest;
  parse(view: OperationView, response: HttpResponse): Outcome;
  lookup(view: OperationView): HttpRequest;
  parseLookup(view: OperationView, response: HttpResponse): Found;
  /** Asks for an object an event named; null where it is of no kind that moves an operation. */
  fetch(objectRef: string): HttpRequest | null;
  /** Whose object it is, by the references we sent along; null where it carries none. */
  ownerOf(response: HttpResponse): ObjectOwner | null;
  /** The fetched object, read for one operation of ours. */
  parseFetched(view: OperationView, response: HttpResponse): Found;
  /** Adds the credential, just before sending. */
  sign(request: HttpRequest): HttpRequest;
}

export interface ObjectOwner {
  orgId: string;
  paymentId: string;
  /** The operation that made the object. */
  operationId: string;
}
