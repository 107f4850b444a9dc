import { describe, expect, test } from '@jest/globals';
import { holdsCardNumber, inspectJson } from '../../../server/platform/http/card-numbers.ts';

describe('a card number is found', () => {
  test.each([
    ['Visa', '4242424242424242'],
    ['Visa with spaces', '4242 4242 4242 4242'],
    ['Visa with dashes', '4242-4242-4242-4242'],
    ['thirteen digits', '4222222222222'],
    ['Mastercard', '5555555555554444'],
    ['Mastercard of the second range', '2223003122003222'],
    ['American Express', '378282246310005'],
    ['Diners Club', '30569309025904'],
    ['JCB', '3530111333300000'],
    ['UnionPay', '6200000000000005'],
    ['beside a UUID', 'a1b2c3d4-0000-4000-8000-000000abcdef 4242424242424242'],
    ['amid other words', 'card 4242424242424242, thanks'],
  ])('%s', (_name, text) => {
    expect(holdsCardNumber(text)).toBe(true);
  });

  test('as a JSON number', () => {
    expect(holdsCardNumber(4_242_424_242_424_242)).toBe(true);
  });

  test('at any depth, and the pointer names the field and not the number', () => {
    const verdict = inspectJson({ a: [{ 'b/c': { note: '4242424242424242' } }] });
    expect(verdict).toEqual({ kind: 'card', pointer: '/a/0/b~1c/note' });
  });

  test('as the name of a field', () => {
    expect(inspectJson({ '4242424242424242': 1 }).kind).toBe('card');
  });
});

describe('what is none passes', () => {
  test.each([
    ['a wrong checksum', '4242424242424241'],
    ['no scheme of cards', '1234567890123452'],
    ['an instant in milliseconds', '1795255200000'],
    ['twelve digits', '424242424242'],
    ['a UUID that happens to hold one', 'a1b2c3df-4242-4242-8242-0001abcdef01'],
    ['a long hexadecimal id', 'opr_t_4242424242424242f0c2a9d13b4e688a'],
    ['twenty digits', '42424242424242424242'],
    ['a piece of a longer number', '0.4242424242424242'],
  ])('%s', (_name, text) => {
    expect(holdsCardNumber(text)).toBe(false);
  });
});

test('nesting beyond the bound is told apart, without overflowing the stack', () => {
  let value: unknown = 'x';
  for (let depth = 0; depth < 100_000; depth += 1) value = [value];
  expect(inspectJson(value)).toEqual({ kind: 'too_deep' });
});
