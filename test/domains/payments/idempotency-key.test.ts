import { expect, test } from '@jest/globals';
import { idempotencyKey, uuidV5 } from '../../../server/domains/payments/idempotency-key.ts';

test('UUIDv5 agrees with the vector of RFC 9562 A.4', () => {
  const dns = Buffer.from('6ba7b8109dad11d180b400c04fd430c8', 'hex');
  expect(uuidV5(dns, 'www.example.com')).toBe('2ed6657d-e927-568b-95e1-2665a8aea6a2');
});

test('the key is the same for ever, and another for each organization, operation and generation', () => {
  expect(idempotencyKey('org_a', 'opr_a', 1)).toBe(idempotencyKey('org_a', 'opr_a', 1));
  expect(idempotencyKey('org_a', 'opr_a', 1)).toBe('914f327a-d89b-502c-9bb8-f83fdbe5910d');
  const keys = [
    idempotencyKey('org_a', 'opr_a', 1),
    idempotencyKey('org_a', 'opr_a', 2),
    idempotencyKey('org_a', 'opr_b', 1),
    idempotencyKey('org_b', 'opr_a', 1),
  ];
  expect(new Set(keys).size).toBe(4);
});
