// What a provider's adapter says about its events: how they are verified, read, and listed when no
// webhook can come in. Pure functions; the inbox does the storing, the outbox the fetching.

import type { Instant } from '../../shared/world.ts';
import type { HttpRequest, HttpResponse } from '../outside/http-exchange.ts';

export interface WebhookSecret {
  /** Names the secret in logs and rows; never the secret itself. */
  id: string;
  secret: string;
}

export interface RawWebhook {
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** The bytes as they came: signatures are over these. */
  body: Buffer;
}

export type Verification =
  /** `signedAt`: the time that the signature covers, where the scheme has one; the inbox checks it
   * against the time of receipt, in both directions. */
  { ok: true; keyId: string; signedAt?: Instant } | { ok: false; why: string };

export interface InboxEvent {
  /** The same for every delivery of the same event, by webhook or poll. */
  dedupeKey: string;
  type: string;
  /** What to fetch, e.g. `pi_…`; null when the event names nothing of ours. */
  objectRef: string | null;
  occurredAt: Instant | null;
  /** The event's own text, where it is a part of what came (polls). */
  raw?: string;
}

export interface PollCursor {
  /** As `parsePoll` last returned it; null at the very first poll. */
  position: string | null;
  /** Everything that happened before this is known. */
  caughtUpTo: Instant | null;
  now: Instant;
}

export type PollPage =
  | { kind: 'page'; events: readonly InboxEvent[]; position: string | null; hasMore: boolean }
  | { kind: 'failed'; reason: string; afterMs?: number };

export interface InboxSource {
  provider: string;
  /** Of the messages that its events cause. */
  destination: string;
  /** Each stored event enqueues one message of this type, with `InboxMessageBody`. */
  messageType: string;
  verify(raw: RawWebhook, secrets: readonly WebhookSecret[], receivedAt: Instant): Verification;
  /** Throws when the bytes, though verified, make no sense. */
  parse(body: Buffer): readonly InboxEvent[];
  /** Both or neither: how events are listed since a cursor, oldest page first. */
  pollRequest?(cursor: PollCursor): HttpRequest;
  parsePoll?(response: HttpResponse, cursor: PollCursor): PollPage;
}

/** Body of the message that a stored event enqueues; its aggregate is the object, or the event. */
export interface InboxMessageBody {
  inbox_event_id: string;
  provider_account_id: string;
  type: string;
  object_ref: string | null;
}
