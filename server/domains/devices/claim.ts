// The noun: a claim code. How one is made, read and proven (docs/device-protocol.md §4). Pure: bytes are
// handed in. The secret half never crosses the wire; the lookup half only finds the row.

import { createHash, createHmac, hkdfSync } from 'node:crypto';
import { MINUTE_MS } from '../../shared/instant.ts';
import type { Instant } from '../../shared/world.ts';

export interface Claim {
  id: string;
  deviceId: string;
  /** The public half; the claim's own id once the code can no longer be used. */
  lookup: string;
  /** The secret half, sealed. */
  sealed: Buffer;
  attempts: number;
  expiresAt: Instant;
  usedAt: Instant | null;
  createdAt: Instant;
  version: number;
}

export const CLAIM_LIMITS = { lifeMs: 15 * MINUTE_MS, attemptsMax: 5 } as const;

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LOOKUP_CHARACTERS = 4;
const CODE_CHARACTERS = 12;

export interface ClaimCode {
  lookup: string;
  secret: string;
  /** As people read it: three groups of four. */
  shown: string;
}

/** From at least twelve random bytes: five bits of each. */
export function makeClaimCode(random: Uint8Array): ClaimCode {
  const characters = [...random.subarray(0, CODE_CHARACTERS)].map((byte) => ALPHABET[byte & 31]);
  const text = characters.join('');
  return {
    lookup: text.slice(0, LOOKUP_CHARACTERS),
    secret: text.slice(LOOKUP_CHARACTERS),
    shown: `${text.slice(0, 4)}-${text.slice(4, 8)}-${text.slice(8)}`,
  };
}

/** What the QR code holds; a device needs nothing else to find and to trust this appliance. */
export function qrText(code: string, at: { host: string; port: number; pin: string }): string {
  return `DGW1;H=${at.host};P=${at.port};C=${code};S=${at.pin}`;
}

export function claimKey({ lookup, secret }: { lookup: string; secret: string }): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, lookup, 'dgw-claim-1 key', 32));
}

export function claimMac(key: Buffer, input: Uint8Array): Buffer {
  return createHmac('sha256', key).update(input).digest();
}

/** The server's own proof, over what the device will believe from now on. */
export function claimedInput(
  session: Uint8Array,
  told: { device: string; keyId: string; ca: string },
): Buffer {
  const ca = createHash('sha256').update(told.ca, 'utf8').digest();
  return Buffer.concat([session, Buffer.from(told.device + told.keyId, 'ascii'), ca]);
}
