import { describe, expect, test } from '@jest/globals';
import { boundTo, sameBytes } from '../../../server/platform/crypto/bytes.ts';
import {
  newKey,
  SealBrokenError,
  unwrapKey,
  wrapKey,
} from '../../../server/platform/crypto/key-wrap.ts';
import type { Random } from '../../../server/shared/world.ts';
import { seededRandom } from '../../support/world.ts';

/** 00 01 02 … so that a vector can be checked by hand. */
const counting: Random = {
  bytes: (count) => Uint8Array.from({ length: count }, (_value, index) => index),
  fraction: () => 0.5,
};
const under = Buffer.alloc(32, 0xa1);
const key = Buffer.alloc(32, 0xb2);
const aad = boundTo('person-key/v1', 'org_a', 'per_a', '1');

describe('a wrapped key', () => {
  test('has the pinned bytes', () => {
    const wrapped = wrapKey({ under, key, aad, random: counting });
    expect(wrapped.toString('hex')).toBe(PINNED);
  });

  test('is version, nonce, tag and AES-256-GCM by another implementation', async () => {
    const wrapped = wrapKey({ under, key, aad, random: seededRandom(7) });
    expect(wrapped[0]).toBe(1);
    const subtleKey = await crypto.subtle.importKey('raw', under, 'AES-GCM', false, ['decrypt']);
    const opened = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: wrapped.subarray(1, 13), additionalData: aad, tagLength: 128 },
      subtleKey,
      Buffer.concat([wrapped.subarray(29), wrapped.subarray(13, 29)]),
    );
    expect(Buffer.from(opened)).toEqual(key);
  });

  test('opens with its key and its place, and comes out as it went in', () => {
    const secret = newKey(seededRandom(1));
    const wrapped = wrapKey({ under, key: secret, aad, random: seededRandom(2) });
    expect(unwrapKey({ under, wrapped, aad })).toEqual(secret);
  });

  test.each([
    ['another wrapping key', { under: Buffer.alloc(32, 0xa2) }],
    ['another person', { aad: boundTo('person-key/v1', 'org_a', 'per_b', '1') }],
    ['another organization', { aad: boundTo('person-key/v1', 'org_b', 'per_a', '1') }],
    ['another version', { aad: boundTo('person-key/v1', 'org_a', 'per_a', '2') }],
  ])('does not open with %s', (_name, changed) => {
    const wrapped = wrapKey({ under, key, aad, random: seededRandom(3) });
    expect(() => unwrapKey({ under, wrapped, aad, ...changed })).toThrow(SealBrokenError);
  });

  test('does not open when any one of its bytes was changed, or when it was cut', () => {
    const wrapped = wrapKey({ under, key, aad, random: seededRandom(4) });
    for (let index = 0; index < wrapped.length; index += 1) {
      const changed = Buffer.from(wrapped);
      changed[index] = (changed[index] ?? 0) ^ 1;
      expect(() => unwrapKey({ under, wrapped: changed, aad })).toThrow(SealBrokenError);
    }
    expect(() => unwrapKey({ under, wrapped: wrapped.subarray(0, 40), aad })).toThrow(
      SealBrokenError,
    );
  });
});

test('two lists of parts never read the same: a separator inside a part is refused', () => {
  expect(() => boundTo('a|b', 'c')).toThrow('separator');
  expect(() => boundTo('a', '')).toThrow('empty');
});

test('bytes are the same only when all of them are', () => {
  expect(sameBytes(Buffer.from('abc'), Buffer.from('abc'))).toBe(true);
  expect(sameBytes(Buffer.from('abc'), Buffer.from('abd'))).toBe(false);
  expect(sameBytes(Buffer.from('abc'), Buffer.from('abcd'))).toBe(false);
});

const PINNED =
  '01000102030405060708090a0b2ca3302753cc54641d5b49793bc1ffd31e99bb4555ed9159b81d10f3bbcbb65e9bab84d3ca66a0b54bb0917dd024dcd8';
