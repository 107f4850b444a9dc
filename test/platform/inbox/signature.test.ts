import { expect, test } from '@jest/globals';
import { withinSkew } from '../../../server/platform/inbox/signature.ts';

test.each([
  ['as old as it may be', 400, true],
  ['too old', 399, false],
  ['as early as it may be', 1_010, true],
  ['too early', 1_011, false],
  ['without a time', Number.NaN, false],
])('a signature %s', (_name, signedAt, holds) => {
  expect(withinSkew(signedAt, 1_000, { pastMaxMs: 600, futureMaxMs: 10 })).toBe(holds);
});
