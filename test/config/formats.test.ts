import { describe, expect, test } from '@jest/globals';
import {
  currency,
  fraction,
  host,
  integer,
  listOf,
  oneOf,
  optional,
  path,
  port,
  secret,
  url,
} from '../../config/formats.ts';
import type { Format } from '../../config/setting.ts';

const CASES: readonly (readonly [
  name: string,
  format: Format<unknown>,
  right: unknown[],
  wrong: unknown[],
])[] = [
  ['integer', integer({ min: 1, max: 3 }), [1, 3], [0, 4, 1.5, Number.NaN, '2', null, true]],
  ['port', port, [0, 65_535], [-1, 65_536, '80']],
  ['fraction', fraction({ min: 0, max: 1 }), [0, 0.5, 1], [-0.1, 1.1, Number.NaN, '0.5']],
  ['currency', currency, ['EUR'], ['eur', 'EURO', '']],
  [
    'host',
    host,
    ['a', 'door.example.com', '10.0.0.1', '::1', 'fe80::1'],
    ['', 'a b', 'http://a', '[::1]', '-a', 'a:80', 'a/'],
  ],
  [
    'url',
    url,
    ['https://x.example', 'http://127.0.0.1:8080', 'https://x.example/v1'],
    [
      'x.example',
      'ftp://x',
      'https://',
      'https://x.example/',
      'https://u:p@x',
      'https://x?y=1',
      'https://x#y',
      'https://x y',
      'https://x:99999',
    ],
  ],
  ['path', path, ['a', '/a/b c'], ['', 'a\0b', 7]],
  ['secret', secret, ['x y', 'ü'], ['', ' x', 'x\n', 'x'.repeat(4097), 7]],
  ['oneOf', oneOf('a', 'b'), ['a'], ['c', '', null]],
  ['optional', optional(port), [null, 1], [undefined, '1']],
  ['listOf', listOf(port, 2), [[], [1, 2]], [[1, 2, 3], ['1'], 1, null]],
];

describe('formats', () => {
  test.each(CASES)('%s accepts what it says and nothing else', (_name, format, right, wrong) => {
    expect(right.filter((value) => !format.accepts(value))).toEqual([]);
    expect(wrong.filter((value) => format.accepts(value))).toEqual([]);
  });

  test('called as convict calls it, a format throws what it expected', () => {
    expect(() => port(70_000)).toThrow('expected a port, an integer from 0 to 65535');
    expect(() => port(7)).not.toThrow();
  });
});
