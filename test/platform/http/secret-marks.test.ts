import { expect, test } from '@jest/globals';
import { z } from 'zod';
import {
  secretNames,
  secretPaths,
  withoutSecrets,
} from '../../../server/platform/http/secret-marks.ts';

const secret = z.string().meta({ secret: true });
const schema = z.object({
  token: secret,
  list: z.array(z.object({ code: secret.nullable(), name: z.string() })),
  either: z.union([z.object({ pin: secret }), z.object({ card: z.string() })]).optional(),
});

test('marked fields are found in objects, lists and unions', () => {
  expect(secretPaths(schema)).toEqual([['token'], ['list', '*', 'code'], ['either', 'pin']]);
  expect(secretNames([schema, undefined])).toEqual(['token', 'code', 'pin']);
});

test('a value is copied without them, and nothing else is lost', () => {
  const value = {
    token: 't',
    list: [{ code: 'c', name: 'n' }],
    either: { pin: 'p' },
    more: [1, null],
  };
  expect(withoutSecrets(secretPaths(schema), value)).toEqual({
    token: null,
    list: [{ code: null, name: 'n' }],
    either: { pin: null },
    more: [1, null],
  });
});

test('a schema that contains itself is walked once', () => {
  const node: z.ZodType = z.lazy(() => z.object({ key: secret, next: node.optional() }));
  expect(secretNames([node])).toEqual(['key']);
});
