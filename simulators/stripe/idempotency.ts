// Idempotency keys as Stripe's v1 API keeps them: the first answer under a key, whatever it was, is
// given again for 24 hours of twin time; the same key with anything else is refused.

import { insert, one, run } from '../twin/database.ts';
import { type Call, DAY_MS } from './call.ts';
import { StripeError } from './errors.ts';

export const KEY_MAX = 255;
const KEPT_MS = DAY_MS;

export type Stored = { status: number; body: string; request_id: string };
type Row = Stored & { method: string; path: string; parameters_hash: string };
export type Fingerprint = { key: string; method: string; path: string; parametersHash: string };

/** The stored answer, null when the key is free, or a refusal when it stands for another request. */
export function storedAnswer(call: Call, wanted: Fingerprint): Stored | null {
  run(call.db, 'delete from idempotency_key where expires_ms <= ?', call.nowMs);
  const row = one<Row>(call.db, 'select * from idempotency_key where key = ?', wanted.key);
  if (row === undefined) return null;
  if (row.path !== wanted.path || row.method !== wanted.method) {
    const message = `Keys for idempotent requests can only be used for the same endpoint they were first used for ('${wanted.path}' vs '${row.path}'). Try using a key other than '${wanted.key}' if you meant to execute a different request.`;
    throw new StripeError(400, message, { type: 'idempotency_error' });
  }
  if (row.parameters_hash !== wanted.parametersHash) {
    const message = `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${wanted.key}' if you meant to execute a different request.`;
    throw new StripeError(400, message, { type: 'idempotency_error' });
  }
  return row;
}

export function storeAnswer(call: Call, request: Fingerprint, answer: Stored): void {
  insert(call.db, 'idempotency_key', {
    key: request.key,
    created_ms: call.nowMs,
    expires_ms: call.nowMs + KEPT_MS,
    method: request.method,
    path: request.path,
    parameters_hash: request.parametersHash,
    request_id: answer.request_id,
    status: answer.status,
    body: answer.body,
  });
}

export function keyInUse(key: string): StripeError {
  const message = `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`;
  return new StripeError(409, message, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
  });
}
