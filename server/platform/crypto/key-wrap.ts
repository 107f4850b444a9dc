// Wraps one 256-bit key under another: AES-256-GCM with a random nonce, bound to associated data, so a
// wrapped key that was moved to another row does not open. Synchronous: may run inside a transaction.
// Layout: version 1 · nonce 12 · tag 16 · ciphertext 32.

import { createCipheriv, createDecipheriv, createSecretKey } from 'node:crypto';
import type { Random } from '../../shared/world.ts';

export const KEY_BYTES = 32;
const VERSION = 1;
const NONCE_END = 13;
const TAG_END = 29;
const WRAPPED_BYTES = TAG_END + KEY_BYTES;

/** A wrapped key or a sealed record that does not open: wrong key, wrong place, or changed bytes. */
export class SealBrokenError extends Error {
  constructor(what: string) {
    super(`${what} does not open: it was changed, moved, or sealed under another key.`);
    this.name = 'SealBrokenError';
  }
}

export function newKey(random: Random): Buffer {
  return Buffer.from(random.bytes(KEY_BYTES));
}

export function wrapKey(options: {
  under: Buffer;
  key: Buffer;
  aad: Buffer;
  random: Random;
}): Buffer {
  const { under, key, aad, random } = options;
  if (key.length !== KEY_BYTES) throw new Error('Invariant broken: only 256-bit keys are wrapped');
  const nonce = random.bytes(NONCE_END - 1);
  const cipher = createCipheriv('aes-256-gcm', createSecretKey(under), nonce);
  cipher.setAAD(aad);
  const body = Buffer.concat([cipher.update(key), cipher.final()]);
  return Buffer.concat([Buffer.from([VERSION]), nonce, cipher.getAuthTag(), body]);
}

export function unwrapKey(options: { under: Buffer; wrapped: Buffer; aad: Buffer }): Buffer {
  const { under, wrapped, aad } = options;
  if (wrapped.length !== WRAPPED_BYTES || wrapped[0] !== VERSION) {
    throw new SealBrokenError('A wrapped key');
  }
  // A key object: of bytes Node finds out by an exception that they are none, which costs as much again.
  const secret = createSecretKey(under);
  const decipher = createDecipheriv('aes-256-gcm', secret, wrapped.subarray(1, NONCE_END));
  decipher.setAAD(aad);
  decipher.setAuthTag(wrapped.subarray(NONCE_END, TAG_END));
  try {
    return Buffer.concat([decipher.update(wrapped.subarray(TAG_END)), decipher.final()]);
  } catch {
    throw new SealBrokenError('A wrapped key');
  }
}
