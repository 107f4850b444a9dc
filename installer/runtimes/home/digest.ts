// Digests, as they stand in names and pins.

import { createHash } from 'node:crypto';

const SHORT_HEX = 12;

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Enough to tell two releases or configurations of one machine apart. */
export function shortDigest(text: string): string {
  return sha256Hex(text).slice(0, SHORT_HEX);
}
