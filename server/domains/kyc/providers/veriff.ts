// Veriff as a vendor of KYC, as pure functions: requests, their signatures, answers and webhooks. Answers
// are signed too and count only when the signature is right. The legacy `x-signature` (a bare hash over
// body and secret) is refused.

import { createHmac, timingSafeEqual } from 'node:crypto';
import {
  findSigner,
  type InboxEvent,
  type InboxSource,
  type RawWebhook,
  type Verification,
  type WebhookSecret,
} from '../../../platform/inbox/index.ts';
import type { HttpRequest, HttpResponse } from '../../../platform/outside/http-exchange.ts';
import type { Instant } from '../../../shared/world.ts';
import { type Decision, isVendorDecision, VENDOR_DECISIONS } from '../kyc-session.ts';

export interface VeriffSettings {
  apiKey: string;
  sharedSecret: string;
}

type Json = Readonly<Record<string, unknown>>;

const JSON_TYPE = { 'content-type': 'application/json' } as const;

/** `vendorData` is our id: the only thing that ties a session to us when its reply is lost. */
export function buildSession(sessionId: string): HttpRequest {
  const body = JSON.stringify({ verification: { vendorData: sessionId } });
  return { method: 'POST', path: '/v1/sessions', headers: JSON_TYPE, body };
}

export function fetchDecision(providerRef: string): HttpRequest {
  const path = `/v1/sessions/${encodeURIComponent(providerRef)}/decision`;
  return { method: 'GET', path, headers: {}, body: null };
}

/** Adds the credential, just before sending: a POST signs its body, a GET the session's id. */
export function signVeriff(settings: VeriffSettings, request: HttpRequest): HttpRequest {
  const signed = request.body ?? decodeURIComponent(request.path.split('/')[3] ?? '');
  return {
    ...request,
    headers: {
      ...request.headers,
      'x-auth-client': settings.apiKey,
      'x-hmac-signature': hmac(settings.sharedSecret, signed).toString('hex'),
    },
  };
}

export function hmac(secret: string, signed: string | Buffer): Buffer {
  return createHmac('sha256', secret).update(signed).digest();
}

const HEX_SIGNATURE = /^[0-9a-f]{64}$/;

export function isSignedAnswer(settings: VeriffSettings, response: HttpResponse): boolean {
  const given =
    response.headers['x-hmac-signature'] ?? response.headers['vrf-hmac-signature'] ?? '';
  if (!HEX_SIGNATURE.test(given)) return false;
  return timingSafeEqual(Buffer.from(given, 'hex'), hmac(settings.sharedSecret, response.body));
}

export type MadeSession =
  | { kind: 'made'; providerRef: string; url: string }
  | { kind: 'refused'; reason: string }
  /** Not executed: the same may do later. */
  | { kind: 'retry'; reason: string; alert: boolean }
  | { kind: 'unknown'; reason: string };

export function parseSession(settings: VeriffSettings, response: HttpResponse): MadeSession {
  const { status } = response;
  const body = parseJson(response.body);
  const reason = `${status} ${String(body?.['code'] ?? '')}`.trim();
  if (status === 401 || status === 403) return { kind: 'retry', reason, alert: true };
  if (status === 429) return { kind: 'retry', reason, alert: false };
  if (status >= 400 && status < 500) return { kind: 'refused', reason };
  if (status !== 200 && status !== 201) return { kind: 'unknown', reason };
  const verification = isJson(body?.['verification']) ? body['verification'] : {};
  const [id, url] = [textOf(verification['id']), textOf(verification['url'])];
  if (!isSignedAnswer(settings, response))
    return { kind: 'unknown', reason: 'the answer is not signed by the vendor' };
  if (id === null || url === null)
    return { kind: 'unknown', reason: 'a session without an id and a page' };
  return { kind: 'made', providerRef: id, url };
}

export type FetchedDecision =
  | { kind: 'decided'; providerRef: string; vendorData: string | null; decision: Decision }
  | { kind: 'undecided' }
  | { kind: 'gone' }
  | { kind: 'retry'; reason: string; alert: boolean };

export function parseDecision(
  settings: VeriffSettings,
  response: HttpResponse,
  now: Instant,
): FetchedDecision {
  if (response.status === 404) return { kind: 'gone' };
  if (response.status !== 200) {
    const alert = response.status === 401 || response.status === 403;
    return { kind: 'retry', reason: `a fetch answered ${response.status}`, alert };
  }
  if (!isSignedAnswer(settings, response))
    return { kind: 'retry', reason: 'the answer is not signed by the vendor', alert: true };
  const verification = parseJson(response.body)?.['verification'];
  if (verification === null) return { kind: 'undecided' };
  if (!isJson(verification))
    return { kind: 'retry', reason: 'an answer without a verification', alert: true };
  return readDecision(verification, now);
}

function readDecision(verification: Json, now: Instant): FetchedDecision {
  const status = textOf(verification['status']) ?? '';
  const providerRef = textOf(verification['id']);
  if (providerRef === null || !isVendorDecision(status)) {
    // A word the vendor added since: no guess, a person reads it.
    return { kind: 'retry', reason: `an unknown decision ${JSON.stringify(status)}`, alert: true };
  }
  const at = Date.parse(textOf(verification['decisionTime']) ?? '');
  return {
    kind: 'decided',
    providerRef,
    vendorData: textOf(verification['vendorData']),
    decision: {
      status,
      code: numberOf(verification['code']),
      reason: textOf(verification['reason']),
      reasonCode: numberOf(verification['reasonCode']),
      attemptId: textOf(verification['attemptId']),
      decidedAt: Number.isFinite(at) ? at : now,
    },
  };
}

/** The vendor's code should say the same as its word; its documentation disagrees with itself. */
export function codeDisagrees({ status, code }: Decision): boolean {
  return code !== null && code !== VENDOR_DECISIONS[status];
}

export function veriffSource(
  settings: VeriffSettings,
  names: { destination: string; messageType: string },
): InboxSource {
  return {
    provider: 'veriff',
    ...names,
    verify: (raw, secrets) => verifyVeriff(settings, raw, secrets),
    parse: parseWebhook,
  };
}

export function verifyVeriff(
  { apiKey }: Pick<VeriffSettings, 'apiKey'>,
  raw: RawWebhook,
  secrets: readonly WebhookSecret[],
): Verification {
  const given = raw.headers['x-hmac-signature'] ?? raw.headers['vrf-hmac-signature'];
  if (given === undefined) return { ok: false, why: 'there is no x-hmac-signature' };
  if (!HEX_SIGNATURE.test(given)) return { ok: false, why: 'the signature is not lower-case hex' };
  const client = raw.headers['x-auth-client'] ?? raw.headers['vrf-auth-client'];
  if (client !== apiKey) return { ok: false, why: 'x-auth-client names another integration' };
  const keyId = findSigner(secrets, [Buffer.from(given, 'hex')], (secret) =>
    hmac(secret, raw.body),
  );
  return keyId === null
    ? { ok: false, why: 'no active secret made this signature' }
    : { ok: true, keyId };
}

/** Two forms under one roof: `event` (started, submitted) and `decision`. */
export function parseWebhook(body: Buffer): readonly InboxEvent[] {
  const parsed = parseJson(body.toString('utf8'));
  if (parsed === null) throw new Error('expected a JSON object');
  const verification = parsed['verification'];
  if (isJson(verification)) return [decisionEvent(verification)];
  const [id, action] = [textOf(parsed['id']), textOf(parsed['action'])];
  if (id === null || action === null)
    throw new Error('expected an event with an id and an action, or a verification');
  const key = [id, parsed['attemptId'], parsed['code'], action].map(String).join('|');
  return [{ dedupeKey: `event|${key}`, type: `event.${action}`, objectRef: id, occurredAt: null }];
}

function decisionEvent(verification: Json): InboxEvent {
  const [id, status] = [textOf(verification['id']), textOf(verification['status'])];
  if (id === null || status === null) throw new Error('expected a verification with id and status');
  const time = textOf(verification['decisionTime']);
  const key = [id, verification['attemptId'], verification['code'], status, time].map(String);
  const at = Date.parse(time ?? '');
  return {
    dedupeKey: `decision|${key.join('|')}`,
    type: `decision.${status}`,
    objectRef: id,
    occurredAt: Number.isFinite(at) ? at : null,
  };
}

function parseJson(text: string): Json | null {
  try {
    const parsed: unknown = JSON.parse(text);
    return isJson(parsed) ? parsed : null;
  } catch {
    return null; // translated by the caller: it says nothing
  }
}

function isJson(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
