// A message as the engine holds it: the row, and what is known about its earlier tries.

import type { Instant } from '../../shared/world.ts';
import type { Message } from './handler.ts';

export type RetryState = 'retry' | 'indeterminate' | 'blocked';

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
