// Veriff's wire: pure functions that build requests and read answers and webhooks. Signatures are
// lower-case hex HMAC-SHA256 with the shared secret: over the raw body where there is one, over the
// session's id where there is none. Codes and texts disagree in Veriff's own pages, so the text decides.
// Source: devdocs.veriff.com (sessions, decision, webhooks).

import { createHmac } from 'node:crypto';
import { findSigner, type RawWebhook, type Verification } from '../../../platform/inbox/index.ts';
import type { InboxEvent, WebhookSecret } from '../../../platform/inbox/index.ts';
import type { HttpRequest, HttpResponse } from '../../../platform/outside/http-exchange.ts';
import type { Instant } from '../../../shared/world.ts';
import type { Decision, Progress } from '../kyc-session.ts';

export interface VeriffSettings {
  apiKey: string;
  sharedSecret: string;
}

/** Body of POST /v1/sessions. Our id travels as vendorData, so that a session can always be claimed. */
export function buildSessionBody(sessionId: string): string {
  return JSON.stringify({ verification: { vendorData: sessionId } });
}

/** Creating needs no signature; sending the same twice makes two billable sessions. */
export function buildCreate(settings: VeriffSettings, body: string): HttpRequest {
  return {
    method: 'POST',
    path: '/v1/sessions',
    headers: { 'content-type': 'application/json', 'x-auth-client': settings.apiKey },
    body,
  };
}

export function buildDecision(settings: VeriffSettings, providerRef: string): HttpRequest {
  return {
    method: 'GET',
    path: `/v1/sessions/${encodeURIComponent(providerRef)}/decision`,
    headers: {
      'x-auth-client': settings.apiKey,
      'x-hmac-signature': sign(settings.sharedSecret, providerRef).toString('hex'),
    },
    body: null,
  };
}

export type Created = { ok: true; providerRef: string; url: string } | { ok: false; why: string };

export function parseCreated(response: HttpResponse): Created {
  const verification = objectAt(parseJson(response.body), 'verification');
  const { id, url } = verification ?? {};
  if (typeof id !== 'string' || typeof url !== 'string') {
    return { ok: false, why: `expected verification.id and .url, found ${response.status}` };
  }
  return { ok: true, providerRef: id, url };
}

export function isSigned(
  { sharedSecret }: VeriffSettings,
  { headers, body }: HttpResponse,
): boolean {
  const given = hex(headers['x-hmac-signature'] ?? headers['vrf-hmac-signature']);
  const secrets = [{ id: 'answer', secret: sharedSecret }];
  return findSigner(secrets, [given], (secret) => sign(secret, body)) !== null;
}

export interface VeriffDecision {
  providerRef: string;
  vendorData: string | null;
  decision: Decision;
  /** What we keep of it: no name, no document. */
  kept: { code: number | null; reason_code: number | null; attempt_id: string | null };
  /** By Veriff's clock. */
  submittedAt: Instant | null;
  decidedAt: Instant | null;
  /** Its own words for a person of the office; not about the person. */
  reason: string | null;
  /** Veriff's code says another thing than its text. */
  codeDisagrees: boolean;
}

export type DecisionAnswer =
  | { kind: 'none_yet' }
  | ({ kind: 'decided' } & VeriffDecision)
  | { kind: 'unreadable'; why: string };

/** Answers are signed like webhooks; one that is not is not believed. */
export function parseDecision(settings: VeriffSettings, response: HttpResponse): DecisionAnswer {
  if (!isSigned(settings, response)) {
    return { kind: 'unreadable', why: 'the answer carries no valid x-hmac-signature' };
  }
  const parsed = parseJson(response.body);
  if (parsed === null) return { kind: 'unreadable', why: 'the answer is not JSON' };
  if (parsed['verification'] === null) return { kind: 'none_yet' };
  const verification = objectAt(parsed, 'verification');
  const status = verification?.['status'];
  const decision = DECISIONS[String(status)];
  if (verification === null || decision === undefined) {
    return {
      kind: 'unreadable',
      why: `expected a known verification.status, found ${String(status)}`,
    };
  }
  const code = numberOrNull(verification['code']);
  return {
    kind: 'decided',
    providerRef: String(verification['id']),
    vendorData: textOrNull(verification['vendorData']),
    decision,
    kept: {
      code,
      reason_code: numberOrNull(verification['reasonCode']),
      attempt_id: textOrNull(verification['attemptId']),
    },
    submittedAt: instantOrNull(verification['submissionTime']),
    decidedAt: instantOrNull(verification['decisionTime']),
    reason: textOrNull(verification['reason'])?.slice(0, REASON_CHARS_MAX) ?? null,
    codeDisagrees: code !== null && CODES[code] !== undefined && !CODES[code].includes(decision),
  };
}

/** Theirs are a sentence. */
const REASON_CHARS_MAX = 500;

const DECISIONS: Readonly<Record<string, Decision | undefined>> = {
  approved: 'approved',
  declined: 'declined',
  resubmission_requested: 'resubmit',
  review: 'review',
  expired: 'expired',
  abandoned: 'abandoned',
};

const CODES: Readonly<Record<number, readonly Decision[] | undefined>> = {
  9001: ['approved'],
  9102: ['declined'],
  9103: ['resubmit'],
  9104: ['expired', 'abandoned'],
  9121: ['review'],
};

/** The older x-signature (a plain hash of body and secret) is refused, even when it is right. */
export function verifyWebhook(
  { headers, body }: RawWebhook,
  secrets: readonly WebhookSecret[],
): Verification {
  const given = headers['x-hmac-signature'] ?? headers['vrf-hmac-signature'];
  if (given === undefined) {
    const legacy = headers['x-signature'] === undefined ? '' : ', found only the older x-signature';
    return { ok: false, why: `expected the header x-hmac-signature${legacy}` };
  }
  const keyId = findSigner(secrets, [hex(given)], (secret) => sign(secret, body));
  return keyId === null
    ? { ok: false, why: 'x-hmac-signature matches no active secret' }
    : { ok: true, keyId };
}

/** Event webhooks carry `action`, decision webhooks `verification`. Throws on anything else. */
export function parseWebhook(body: Buffer): readonly InboxEvent[] {
  const parsed = parseJson(body.toString('utf8'));
  const verification = objectAt(parsed, 'verification');
  const source = verification ?? parsed;
  const id = source?.['id'];
  if (source === null || typeof id !== 'string') {
    throw new Error('Expected an event with id and action, or a decision with verification.id.');
  }
  const what =
    verification === null
      ? `event.${word(source['action'])}`
      : `decision.${word(source['status'])}`;
  const dedupeKey = [id, source['attemptId'], source['code'], source['action'] ?? '']
    .map(word)
    .join('|');
  return [{ dedupeKey, type: what, objectRef: id, occurredAt: null }];
}

/** What an event says about how far the person came; a hint, never a decision. */
export function progressOf(eventType: string): Progress | null {
  if (eventType === 'event.started') return 'in_progress';
  return eventType === 'event.submitted' ? 'submitted' : null;
}

function sign(secret: string, text: string | Buffer): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

function hex(text: string | undefined): Buffer {
  return Buffer.from((text ?? '').trim().toLowerCase(), 'hex');
}

type Json = Record<string, unknown>;

function parseJson(text: string): Json | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    // Said by the caller, with what it expected.
    return null;
  }
}

function objectAt(from: Json | null, key: string): Json | null {
  const value = from?.[key];
  return isObject(value) ? value : null;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function word(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : '';
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}

function instantOrNull(value: unknown): Instant | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(at) ? null : at;
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
