// The text of an API key: `sp_live_<8 id>_<32 random>_<6 CRC32>`, all base62. The CRC refuses typing
// errors and scanner noise without a look at the database; only a SHA-256 of the text is kept (190
// random bits need no slow hash). Pure: bytes are handed in.

import { createHash, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Random } from '../../shared/world.ts';

export type KeyEnvironment = 'live' | 'test';

export interface KeyText {
  /** Shown once, never stored. */
  secret: string;
  /** The visible start; finds the row. */
  prefix: string;
  lastFour: string;
  secretHash: string;
}

/** Published, so that customers' scanners can find leaked keys. */
export const API_KEY_PATTERN = /^sp_(live|test)_[0-9A-Za-z]{8}_[0-9A-Za-z]{32}_[0-9A-Za-z]{6}$/;

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

export function makeKeyText(environment: KeyEnvironment, random: Random): KeyText {
  const prefix = `sp_${environment}_${base62(random, 8)}`;
  const body = `${prefix}_${base62(random, 32)}`;
  const secret = `${body}_${checksum(body)}`;
  return { secret, prefix, lastFour: secret.slice(-4), secretHash: hashSecret(secret) };
}

/** A key that was made elsewhere; its form and checksum must be right. */
export function readKeyText(secret: string): KeyText {
  const prefix = prefixOf(secret);
  if (prefix === null) {
    throw new Error(
      'Expected an API key (sp_live_ or sp_test_, 8, 32 and 6 characters, the last a checksum), found another text.',
    );
  }
  return { secret, prefix, lastFour: secret.slice(-4), secretHash: hashSecret(secret) };
}

/** The prefix of a key whose form and checksum are right; null for anything else. */
export function prefixOf(secret: string): string | null {
  if (!API_KEY_PATTERN.test(secret)) return null;
  const body = secret.slice(0, -7);
  if (checksum(body) !== secret.slice(-6)) return null;
  return body.slice(0, body.lastIndexOf('_'));
}

export function hashSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

export function hashMatches(secret: string, storedHash: string): boolean {
  const found = Buffer.from(hashSecret(secret), 'hex');
  const stored = Buffer.from(storedHash, 'hex');
  return found.length === stored.length && timingSafeEqual(found, stored);
}

/** Uniform: bytes of 248 and above are drawn again. */
function base62(random: Random, length: number): string {
  let text = '';
  while (text.length < length) {
    for (const byte of random.bytes(length)) {
      if (byte < 248 && text.length < length) text += ALPHABET.charAt(byte % 62);
    }
  }
  return text;
}

function checksum(body: string): string {
  let rest = crc32(body);
  let text = '';
  for (let digit = 0; digit < 6; digit += 1) {
    text = ALPHABET.charAt(rest % 62) + text;
    rest = Math.floor(rest / 62);
  }
  return text;
}
