// A message as the engine holds it: the row, and what is known about its earlier tries.

import type { Instant } from '../../shared/world.ts';
import type { Message } from './handler.ts';

export type RetryState = 'retry' | 'indeterminate' | 'blocked';

/** Why and until when a message waits, as it is written down. */
export interface Retry {
  state: RetryState;
  attempts: number;
  failures: number;
  doubts: number;
  nextAt: Instant;
  reason: string;
}

export interface StoredMessage extends Omit<Message, 'body' | 'attempt'> {
  /** As stored; parsed when it is handled. */
  bodyText: string;
  /** Tries that were written down. */
  attempts: number;
  /** Retries since it was enqueued or replayed; the limit of attempts counts these. */
  failures: number;
  /** Look-ups in a row that proved nothing. */
  doubts: number;
  state: RetryState | null;
  /** Not before this instant; null when it may go at once. */
  dueAt: Instant | null;
  /** The wait was asked for (Retry-After, not_before): nothing shortens it. */
  floor: boolean;
}

export function toMessage(stored: StoredMessage): Message {
  const { pos, orgId, laneId, aggregate, type, uid, bodyText, traceId, createdAt } = stored;
  return {
    pos,
    orgId,
    laneId,
    aggregate,
    type,
    uid,
    body: JSON.parse(bodyText) as unknown,
    traceId,
    createdAt,
    attempt: stored.attempts + 1,
  };
}

/** What was written down becomes what is held in memory; only after the commit. */
export function remember(held: StoredMessage, retry: Retry, floor: boolean): void {
  held.state = retry.state;
  held.attempts = retry.attempts;
  held.failures = retry.failures;
  held.doubts = retry.doubts;
  held.dueAt = retry.nextAt;
  held.floor = floor;
}
