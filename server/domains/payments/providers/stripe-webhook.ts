// Stripe's events as the inbox wants them: signatures over raw bytes, what an event names, and the list
// of events that fills the gaps webhooks leave. Pure; the check of the signed time is the inbox's.

import { createHmac } from 'node:crypto';
import {
  findSigner,
  type InboxEvent,
  type InboxSource,
  type PollCursor,
  type PollPage,
  type RawWebhook,
  type Verification,
  type WebhookSecret,
} from '../../../platform/inbox/index.ts';
import type { HttpRequest, HttpResponse } from '../../../platform/outside/http-exchange.ts';
import { DESTINATION, REFETCH_MESSAGE } from '../room.ts';
import { isJson, parseBody, textOf } from './stripe-answers.ts';
import { listEvents, type StripeRequestSettings } from './stripe-requests.ts';

type Json = Readonly<Record<string, unknown>>;

/** How far back the very first poll looks: nothing of ours is older than the account. */
const FIRST_POLL_BACK_MS = 86_400_000;

export function stripeSource(
  settings: StripeRequestSettings,
  sign: (request: HttpRequest) => HttpRequest,
): InboxSource {
  return {
    provider: 'stripe',
    destination: DESTINATION,
    messageType: REFETCH_MESSAGE,
    verify: verifyStripe,
    parse: (body) => {
      const event: unknown = JSON.parse(body.toString('utf8'));
      if (!isJson(event)) throw new Error('expected a JSON object');
      return [readEvent(event)];
    },
    pollRequest: (cursor) => sign(pollRequest(settings, cursor)),
    parsePoll: parseEventPage,
  };
}

/** `t=<seconds>,v1=<hex>[,v1=<hex>]`; signed is `${t}.${body}` with the whole secret, prefix included. */
export function verifyStripe(raw: RawWebhook, secrets: readonly WebhookSecret[]): Verification {
  const header = raw.headers['stripe-signature'];
  if (header === undefined) return { ok: false, why: 'there is no Stripe-Signature' };
  const parts = header.split(',').map((part) => part.trim().split('=', 2));
  const time = parts.find(([name]) => name === 't')?.[1] ?? '';
  const given = parts
    .filter(([name, value]) => name === 'v1' && /^[0-9a-f]{64}$/.test(value ?? ''))
    .map(([, value]) => Buffer.from(value ?? '', 'hex'));
  if (!/^\d{1,12}$/.test(time)) return { ok: false, why: 'the signature names no time' };
  if (given.length === 0) return { ok: false, why: 'there is no v1 signature' };
  const keyId = findSigner(secrets, given, (secret) =>
    createHmac('sha256', secret).update(`${time}.`, 'utf8').update(raw.body).digest(),
  );
  if (keyId === null) return { ok: false, why: 'no active secret made this signature' };
  return { ok: true, keyId, signedAt: Number(time) * 1_000 };
}

/** What is fetched for an event; null where nothing of ours can have moved. */
export function readEvent(event: Json, withRaw = false): InboxEvent {
  const id = textOf(event['id']);
  const type = textOf(event['type']);
  if (event['object'] !== 'event' || id === null || type === null)
    throw new Error('expected an event with an id and a type');
  const created = event['created'];
  return {
    dedupeKey: id,
    type,
    objectRef: objectOf(type, event['data']),
    occurredAt: typeof created === 'number' ? created * 1_000 : null,
    ...(withRaw ? { raw: JSON.stringify(event) } : {}),
  };
}

function objectOf(type: string, data: unknown): string | null {
  const object = isJson(data) && isJson(data['object']) ? data['object'] : {};
  if (type.startsWith('payment_intent.')) return textOf(object['id']);
  if (type.startsWith('refund.')) return textOf(object['id']);
  if (type.startsWith('charge.') && object['object'] === 'charge')
    return textOf(object['payment_intent']);
  if (type.startsWith('checkout.session.')) return textOf(object['id']);
  return null;
}

/**
 * The cursor is an event's id, after which the list goes on towards the present. Before there is one,
 * the list is walked backwards from its newest event: `back:<oldest so far>:<newest>`.
 */
function pollRequest(settings: StripeRequestSettings, cursor: PollCursor): HttpRequest {
  const { position, now } = cursor;
  const since = (cursor.caughtUpTo ?? now) - FIRST_POLL_BACK_MS;
  const back = readBack(position);
  if (back !== null) return listEvents(settings, { since, before: back.oldest });
  return listEvents(settings, { since, ...(position === null ? {} : { after: position }) });
}

export function parseEventPage(response: HttpResponse, cursor: PollCursor): PollPage {
  const body = parseBody(response);
  const lost = cursor.position !== null && isLostCursor(response, body);
  // Events are kept for thirty days; beyond that the list is walked again from its newest.
  if (lost) return { kind: 'page', events: [], position: null, hasMore: true };
  const data = body?.['data'];
  if (response.status !== 200 || !Array.isArray(data))
    return { kind: 'failed', reason: `the list of events answered ${response.status}` };
  const events = data.filter(isJson).map((event) => readEvent(event, true));
  const hasMore = body?.['has_more'] === true;
  const [newest, oldest] = [events[0]?.dedupeKey, events.at(-1)?.dedupeKey];
  const back = readBack(cursor.position);
  const oldestFirst = events.toReversed();
  if (cursor.position !== null && back === null)
    return { kind: 'page', events: oldestFirst, position: newest ?? cursor.position, hasMore };
  const top = back?.newest ?? newest ?? null;
  const position = hasMore && oldest !== undefined ? `back:${oldest}:${top}` : top;
  return { kind: 'page', events: oldestFirst, position, hasMore };
}

function readBack(position: string | null): { oldest: string; newest: string } | null {
  const [mark, oldest, newest] = position?.split(':') ?? [];
  return mark === 'back' && oldest !== undefined && newest !== undefined
    ? { oldest, newest }
    : null;
}

function isLostCursor(response: HttpResponse, body: Json | null): boolean {
  const error = isJson(body?.['error']) ? body['error'] : {};
  return (
    (response.status === 400 || response.status === 404) && error['code'] === 'resource_missing'
  );
}
