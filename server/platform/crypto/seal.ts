// Seals one record under a key of its own, derived from its owner's key. A fresh derivation per sealing
// leaves no nonce budget to keep; GCM does not commit to its key, so 32 derived bytes stand beside the
// ciphertext as the commitment. Synchronous: may run inside a transaction.
// Layout: version 1 · salt 32 · commitment 32 · nonce 12 · tag 16 · ciphertext.

import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { Random } from '../../shared/world.ts';
import { sameBytes } from './bytes.ts';
import { KEY_BYTES, SealBrokenError } from './key-wrap.ts';

const VERSION = 1;
const SALT_END = 33;
const COMMITMENT_END = 65;
const NONCE_END = 77;
const TAG_END = 93;

export interface SealContext {
  /** The owner's key. */
  dek: Buffer;
  /** What kind of record, with its version, and which: both go into the derivation. */
  label: string;
  recordId: string;
  /** What else the ciphertext is bound to; see `boundTo`. */
  aad: Buffer;
}

export function sealRecord(context: SealContext, plaintext: Uint8Array, random: Random): Buffer {
  const salt = Buffer.from(random.bytes(SALT_END - 1));
  const { key, commitment } = derive(context, salt);
  const nonce = random.bytes(NONCE_END - COMMITMENT_END);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  cipher.setAAD(context.aad);
  const body = cipher.update(plaintext);
  const rest = cipher.final();
  const header = Buffer.from([VERSION]);
  return Buffer.concat([header, salt, commitment, nonce, cipher.getAuthTag(), body, rest]);
}

export function openRecord(context: SealContext, sealed: Buffer): Buffer {
  if (sealed.length < TAG_END || sealed[0] !== VERSION) throw new SealBrokenError('A record');
  const { key, commitment } = derive(context, sealed.subarray(1, SALT_END));
  if (!sameBytes(commitment, sealed.subarray(SALT_END, COMMITMENT_END))) {
    throw new SealBrokenError('A record');
  }
  const nonce = sealed.subarray(COMMITMENT_END, NONCE_END);
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAAD(context.aad);
  decipher.setAuthTag(sealed.subarray(NONCE_END, TAG_END));
  try {
    // In this mode `final` has no bytes of its own: it only says whether the tag is right.
    const plaintext = decipher.update(sealed.subarray(TAG_END));
    decipher.final();
    return plaintext;
  } catch {
    throw new SealBrokenError('A record');
  }
}

/** info = label | record id | salt (RFC 5869 §2.3): one expansion gives the key and its commitment. */
function derive(context: SealContext, salt: Buffer): { key: KeyObject; commitment: Buffer } {
  const info = Buffer.concat([Buffer.from(`${context.label}|${context.recordId}|`, 'utf8'), salt]);
  const bytes = Buffer.from(
    hkdfSync('sha256', createSecretKey(context.dek), '', info, 2 * KEY_BYTES),
  );
  const key = createSecretKey(bytes.subarray(0, KEY_BYTES));
  return { key, commitment: bytes.subarray(KEY_BYTES) };
}
