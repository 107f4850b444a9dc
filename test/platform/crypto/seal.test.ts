import { describe, expect, test } from '@jest/globals';
import { boundTo } from '../../../server/platform/crypto/bytes.ts';
import { SealBrokenError } from '../../../server/platform/crypto/key-wrap.ts';
import { openRecord, type SealContext, sealRecord } from '../../../server/platform/crypto/seal.ts';
import type { Random } from '../../../server/shared/world.ts';
import { seededRandom } from '../../support/world.ts';

const counting: Random = {
  bytes: (count) => Uint8Array.from({ length: count }, (_value, index) => index),
  fraction: () => 0.5,
};
const context: SealContext = {
  dek: Buffer.alloc(32, 0xc3),
  label: 'tpl/v1',
  recordId: 'tpl_a',
  aad: boundTo('org_a', 'per_a', 'tpl_a', 'face', 'synthetic-512/1', 'dek1'),
};
const plaintext = Buffer.from('a template of a face');

describe('a sealed record', () => {
  test('has the pinned bytes', () => {
    expect(sealRecord(context, plaintext, counting).toString('hex')).toBe(PINNED);
  });

  test('is HKDF-SHA-256 and AES-256-GCM by another implementation, with its commitment', async () => {
    const sealed = sealRecord(context, plaintext, seededRandom(5));
    const salt = sealed.subarray(1, 33);
    const dek = await crypto.subtle.importKey('raw', context.dek, 'HKDF', false, ['deriveBits']);
    const info = Buffer.concat([Buffer.from('tpl/v1|tpl_a|'), salt]);
    const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info };
    const bits = Buffer.from(await crypto.subtle.deriveBits(parameters, dek, 512));
    expect(sealed.subarray(33, 65)).toEqual(bits.subarray(32));
    const key = await crypto.subtle.importKey('raw', bits.subarray(0, 32), 'AES-GCM', false, [
      'decrypt',
    ]);
    const opened = await crypto.subtle.decrypt(
      { name: 'AES-GCM', iv: sealed.subarray(65, 77), additionalData: context.aad },
      key,
      Buffer.concat([sealed.subarray(93), sealed.subarray(77, 93)]),
    );
    expect(Buffer.from(opened)).toEqual(plaintext);
  });

  test('opens where it belongs and is different each time', () => {
    const random = seededRandom(6);
    const first = sealRecord(context, plaintext, random);
    const second = sealRecord(context, plaintext, random);
    expect(first.equals(second)).toBe(false);
    expect(openRecord(context, first)).toEqual(plaintext);
    expect(openRecord(context, second)).toEqual(plaintext);
  });

  test.each<[string, Partial<SealContext>]>([
    ["another person's key", { dek: Buffer.alloc(32, 0xc4) }],
    ['another label', { label: 'tpl/v2' }],
    ['another record id', { recordId: 'tpl_b' }],
    [
      'another person',
      { aad: boundTo('org_a', 'per_b', 'tpl_a', 'face', 'synthetic-512/1', 'dek1') },
    ],
    [
      'another organization',
      { aad: boundTo('org_b', 'per_a', 'tpl_a', 'face', 'synthetic-512/1', 'dek1') },
    ],
    [
      'another extractor',
      { aad: boundTo('org_a', 'per_a', 'tpl_a', 'face', 'synthetic-512/2', 'dek1') },
    ],
  ])('does not open for %s', (_name, changed) => {
    const sealed = sealRecord(context, plaintext, seededRandom(7));
    expect(() => openRecord({ ...context, ...changed }, sealed)).toThrow(SealBrokenError);
  });

  test('does not open when any one of its bytes was changed, or when it was cut anywhere', () => {
    const sealed = sealRecord(context, plaintext, seededRandom(8));
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed[index] = (changed[index] ?? 0) ^ 0x80;
      expect(() => openRecord(context, changed)).toThrow(SealBrokenError);
      expect(() => openRecord(context, sealed.subarray(0, index))).toThrow(SealBrokenError);
    }
  });
});

const PINNED =
  '01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f66c8ab1a1ece5942b404130d318c317dc8c6c3e28faa8d960b42df7852d08845000102030405060708090a0bdf6ca99e7d48b2b947cbe4d533cb1533ba4032bd66aa56e649eadc8145a9ed0a32ed2070';
