// The few words of DER (ITU-T X.690) that a certificate is written in. Writes only; nothing is parsed.

export type Der = Buffer;

const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  utf8: 0x0c,
  sequence: 0x30,
  set: 0x31,
  utcTime: 0x17,
  generalizedTime: 0x18,
} as const;

export function tagged(tag: number, ...content: readonly Uint8Array[]): Der {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.from([tag]), length(body.length), body]);
}

export const sequence = (...items: readonly Uint8Array[]): Der => tagged(TAG.sequence, ...items);
export const set = (...items: readonly Uint8Array[]): Der => tagged(TAG.set, ...items);
export const boolean = (value: boolean): Der =>
  tagged(TAG.boolean, Buffer.from([value ? 0xff : 0]));
export const utf8 = (text: string): Der => tagged(TAG.utf8, Buffer.from(text, 'utf8'));
export const octetString = (...content: readonly Uint8Array[]): Der =>
  tagged(TAG.octetString, ...content);
/** Constructed, context-specific: `[n] { … }`. */
export const explicit = (n: number, ...items: readonly Uint8Array[]): Der =>
  tagged(0xa0 | n, ...items);
/** Primitive, context-specific: `[n] IMPLICIT`. */
export const implicit = (n: number, content: Uint8Array): Der => tagged(0x80 | n, content);

/** From unsigned big-endian bytes. */
export function integer(bytes: Uint8Array): Der {
  let start = 0;
  while (start < bytes.length - 1 && bytes[start] === 0) start += 1;
  const trimmed = bytes.subarray(start);
  const sign = (trimmed[0] ?? 0) >= 0x80 ? [Buffer.from([0])] : [];
  return tagged(TAG.integer, ...sign, trimmed);
}

export function bitString(bytes: Uint8Array, unusedBits = 0): Der {
  return tagged(TAG.bitString, Buffer.from([unusedBits]), bytes);
}

export function oid(dotted: string): Der {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second, ...rest.flatMap(base128)];
  return tagged(TAG.oid, Buffer.from(bytes));
}

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on. */
export function time(at: number): Der {
  const digits = new Date(at).toISOString().replaceAll(/[-:T]|\.\d+/gu, '');
  return new Date(at).getUTCFullYear() < 2050
    ? tagged(TAG.utcTime, Buffer.from(digits.slice(2), 'ascii'))
    : tagged(TAG.generalizedTime, Buffer.from(digits, 'ascii'));
}

function length(size: number): Buffer {
  if (size < 0x80) return Buffer.from([size]);
  const bytes: number[] = [];
  for (let left = size; left > 0; left = Math.floor(left / 256)) bytes.unshift(left % 256);
  return Buffer.from([0x80 | bytes.length, ...bytes]);
}

function base128(value: number): number[] {
  const bytes = [value & 0x7f];
  for (let left = Math.floor(value / 128); left > 0; left = Math.floor(left / 128))
    bytes.unshift((left & 0x7f) | 0x80);
  return bytes;
}
