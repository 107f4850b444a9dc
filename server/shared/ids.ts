// Ids: a type prefix, an underscore, and a UUIDv7 in lower-case Crockford base32 (26 characters).
// They sort by the millisecond of their making and are never reused. Pure: time and bytes are handed in.

import type { Instant, World } from './world.ts';

export const ID_PREFIXES = {
  organization: 'org',
  node: 'nod',
  principal: 'prn',
  apiKey: 'key',
  request: 'req',
  event: 'evt',
  person: 'per',
  consent: 'con',
  template: 'tpl',
  orgKey: 'okk',
  identification: 'idn',
  device: 'dev',
  claim: 'clm',
  command: 'cmd',
  kycSession: 'kys',
  providerAccount: 'pac',
  inboxEvent: 'inb',
  paymentMethod: 'pmt',
  payment: 'pay',
  attempt: 'att',
  operation: 'opr',
  ledgerAccount: 'lac',
  ledgerTransfer: 'ltr',
} as const;

export type IdKind = keyof typeof ID_PREFIXES;

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';

export interface Ids {
  make(kind: IdKind): string;
}

const RANDOM_BYTES = 10;
/** Drawing ten bytes costs as much as drawing hundreds, and every request makes a few ids. No secret is drawn so. */
const DRAWN_BYTES = 64 * RANDOM_BYTES;

export function createIds(world: Pick<World, 'clock' | 'random'>): Ids {
  let drawn = new Uint8Array(0);
  return {
    make: (kind) => {
      if (drawn.length === 0) drawn = Uint8Array.from(world.random.bytes(DRAWN_BYTES));
      const random = drawn.subarray(0, RANDOM_BYTES);
      drawn = drawn.subarray(RANDOM_BYTES);
      return formatId(kind, world.clock.now(), random);
    },
  };
}

export function formatId(kind: IdKind, at: Instant, random: Uint8Array): string {
  return `${ID_PREFIXES[kind]}_${base32(uuidV7(at, random))}`;
}

/** RFC 9562 §5.7: 48 bits of milliseconds, version 7, variant 10, the rest random. */
function uuidV7(at: Instant, random: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(at / 65_536));
  view.setUint16(4, at % 65_536);
  bytes.set(random.subarray(0, 10), 6);
  bytes[6] = 0x70 | ((bytes[6] ?? 0) & 0x0f);
  bytes[8] = 0x80 | ((bytes[8] ?? 0) & 0x3f);
  return bytes;
}

/** 128 bits as 26 characters, most significant first, so that text order is byte order. */
function base32(bytes: Uint8Array): string {
  let text = '';
  let buffer = 0;
  let bits = 2; // 26 * 5 = 130: two leading zero bits
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(buffer >>> bits) & 31];
    }
    buffer &= (1 << bits) - 1;
  }
  return text;
}
