// Veriff's signatures: lower-case hex HMAC-SHA256 with the integration's shared secret, over a raw
// body or a session id. Requests, answers and webhooks are all signed this way.

import { createHmac, timingSafeEqual } from 'node:crypto';
import type { WebhookStyle } from '../twin/webhooks.ts';

const HOUR_MS = 3_600_000;
const WEEK_HOURS = 7 * 24;

export function sign(secret: string, text: string | Buffer): string {
  return createHmac('sha256', secret).update(text).digest('hex');
}

export function isSignedBy(secret: string, text: string | Buffer, found: string): boolean {
  const wanted = Buffer.from(sign(secret, text));
  const given = Buffer.from(found.toLowerCase());
  return wanted.length === given.length && timingSafeEqual(wanted, given);
}

export function signedHeaders(
  apiKey: string,
  secret: string,
  body: string,
): Record<string, string> {
  const signature = sign(secret, body);
  return {
    'content-type': 'application/json',
    'x-auth-client': apiKey,
    'x-hmac-signature': signature,
    'vrf-auth-client': apiKey,
    'vrf-hmac-signature': signature,
  };
}

export function webhookStyle(apiKey: string): WebhookStyle {
  return {
    headers: (body, _nowMs, secret) => ({
      ...signedHeaders(apiKey, secret, body),
      'user-agent': 'veriff-webhooks',
    }),
    // Hourly for a week: whoever missed one asks for the decision instead of waiting.
    retryDelaysMs: Array.from({ length: WEEK_HOURS }, () => HOUR_MS),
  };
}
