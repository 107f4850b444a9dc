import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  API_KEY_PATTERN,
  hashMatches,
  makeKeyText,
  prefixOf,
} from '../../../server/domains/access/api-key.ts';
import { seededRandom } from '../../support/world.ts';

const made = makeKeyText('live', seededRandom(7));

describe('the text of a key', () => {
  test('has the published form, and its prefix is its visible start', () => {
    expect(made.secret).toMatch(API_KEY_PATTERN);
    expect(made.secret.startsWith(`${made.prefix}_`)).toBe(true);
    expect(prefixOf(made.secret)).toBe(made.prefix);
    expect(made.secret.endsWith(made.lastFour)).toBe(true);
    expect(makeKeyText('test', seededRandom(7)).secret).toMatch(/^sp_test_/);
  });

  test('with any one character changed is refused without a look at the database', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 8, max: made.secret.length - 1 }),
        fc.constantFrom('0', '9', 'A', 'Z', 'a', 'z', '_'),
        (at, character) => {
          fc.pre(made.secret[at] !== character);
          const bent = made.secret.slice(0, at) + character + made.secret.slice(at + 1);
          return prefixOf(bent) === null;
        },
      ),
    );
  });

  test('of the other environment is another key', () => {
    expect(prefixOf(made.secret.replace('sp_live_', 'sp_test_'))).toBeNull();
  });
});

test('only the right secret matches its digest', () => {
  expect(hashMatches(made.secret, made.secretHash)).toBe(true);
  expect(hashMatches(`${made.secret}x`, made.secretHash)).toBe(false);
  expect(hashMatches(made.secret, '')).toBe(false);
});
