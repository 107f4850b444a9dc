// Comparing secrets in constant time, and naming what a ciphertext is bound to.

import { timingSafeEqual } from 'node:crypto';

/** Takes as long for a wrong first byte as for a wrong last one; only the length shows. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

const SEPARATOR = '|';

/**
 * The associated data of a ciphertext: who and what it belongs to. The parts may not hold the separator,
 * or two different lists could read the same.
 */
export function boundTo(...parts: readonly string[]): Buffer {
  const foreign = parts.find((part) => part.includes(SEPARATOR) || part.length === 0);
  if (foreign !== undefined) {
    throw new Error('Invariant broken: a part of associated data is empty or holds a separator');
  }
  return Buffer.from(parts.join(SEPARATOR), 'utf8');
}
