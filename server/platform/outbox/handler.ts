// The contract of an outbox handler: three phases, and only the middle one may touch the network.
// prepare(tx) fixes the exact bytes on the operation's own row; send(signal) runs with no transaction
// open; settle(tx, outcome) applies the result in the transaction of the fenced delete.

import type { Tx } from '../database/database.ts';
import type { Instant } from '../../shared/world.ts';

export interface NewMessage {
  /** A key of the handler table, e.g. `payments.operation`. */
  type: string;
  /** A destination known to the engine, e.g. `stripe`; messages of one lane share its breaker. */
  destination: string;
  /** Messages of one aggregate are handled one at a time, in order. An id, e.g. the payment's. */
  aggregate: string;
  /** Idempotency key of the effect: constant over retries, replays and restarts. */
  uid: string;
  /** JSON that we parse; small: ids, not documents. */
  body: unknown;
  traceId?: string | null;
  notBefore?: Instant;
}

export interface Message {
  pos: number;
  orgId: string;
  laneId: number;
  aggregate: string;
  type: string;
  uid: string;
  body: unknown;
  traceId: string | null;
  createdAt: Instant;
  /** 1 on the first try. */
  attempt: number;
}

export type Prepared<S> =
  /** Go on and send this. */
  | { kind: 'send'; request: S }
  /** Nothing to send any more (already settled, cancelled, expired): settle is not called, the message goes. */
  | { kind: 'nothing'; reason: string }
  /** Another operation of the aggregate is in doubt: the message waits and is looked at again. */
  | { kind: 'blocked'; reason: string; afterMs: number }
  | { kind: 'dead'; reason: string };

/** What happened outside, before anybody interprets it. */
export type Sent<A> =
  | { kind: 'answered'; answer: A; status?: number }
  /** Proven not executed: refused, not resolved, breaker open. Safe to send again. */
  | { kind: 'not_sent'; reason: string }
  /** Written, or perhaps written, and no usable reply. Never safe to assume either way. */
  | { kind: 'unknown'; reason: string };

export type Settled =
  | { kind: 'done' }
  /** A step is done and the effect has another: prepare is called again at once. No failure is counted. */
  | { kind: 'continue' }
  /** Try again later (a transport fault, a 429, a lookup that is due). Counts as an attempt. */
  | { kind: 'retry'; reason: string; afterMs?: number }
  /** In doubt: the next attempt of this same message is a lookup. The aggregate stays blocked. */
  | { kind: 'indeterminate'; reason: string; afterMs?: number }
  | { kind: 'dead'; reason: string };

export interface OutboxHandler<S = unknown, A = unknown> {
  prepare(tx: Tx, message: Message): Promise<Prepared<S>>;
  send(request: S, signal: AbortSignal, message: Message): Promise<Sent<A>>;
  settle(tx: Tx, message: Message, result: { request: S; sent: Sent<A> }): Promise<Settled>;
  /** How the destination did, for its breaker. Default: not_sent and unknown are failures. */
  healthOf?(sent: Sent<A>): 'ok' | 'failed' | 'ignore';
}

export type HandlerTable = Readonly<Record<string, OutboxHandler<never, never>>>;

/** Keeps the inference while the table holds handlers of every shape. */
export function handler<S, A>(spec: OutboxHandler<S, A>): OutboxHandler<never, never> {
  return spec as unknown as OutboxHandler<never, never>;
}
