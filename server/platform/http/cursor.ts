// Cursors: opaque to clients, signed, and bound to the list, its filters and the organization. One that
// was changed, or is used with other filters, is refused; nothing in it is secret.

import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../shared/errors.ts';

export interface CursorBinding {
  operationId: string;
  orgId: string;
  /** The path parameters and the query without `cursor` and `limit`. */
  filter: Readonly<Record<string, unknown>>;
}

const MAC_BYTES = 16;

export function encodeCursor(key: Uint8Array, binding: CursorBinding, after: string): string {
  const payload = Buffer.from(after, 'utf8');
  return Buffer.concat([macOf(key, binding, payload), payload]).toString('base64url');
}

export function decodeCursor(key: Uint8Array, binding: CursorBinding, cursor: string): string {
  const bytes = Buffer.from(cursor, 'base64url');
  const payload = bytes.subarray(MAC_BYTES);
  const expected = macOf(key, binding, payload);
  const found = bytes.subarray(0, MAC_BYTES);
  // Decoding base64url is lenient; only the one spelling that we wrote is accepted.
  const canonical = bytes.toString('base64url') === cursor;
  if (!canonical || found.length !== MAC_BYTES || !timingSafeEqual(found, expected)) {
    throw new AppError(
      'invalid_cursor',
      'Expected a next_cursor of this list with the same filters, found another text. ' +
        'Start again without a cursor.',
    );
  }
  return payload.toString('utf8');
}

function macOf(key: Uint8Array, binding: CursorBinding, payload: Buffer): Buffer {
  const filter = Object.entries(binding.filter).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const context = JSON.stringify(['cursor/1', binding.operationId, binding.orgId, filter]);
  return createHmac('sha256', key)
    .update(createHash('sha256').update(context).digest())
    .update(payload)
    .digest()
    .subarray(0, MAC_BYTES);
}
