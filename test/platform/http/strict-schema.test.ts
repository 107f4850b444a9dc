import { describe, expect, test } from '@jest/globals';
import { z, type ZodType } from 'zod';
import { strictSchema } from '../../../server/platform/http/strict-schema.ts';

function unknownKeys(schema: ZodType, value: unknown): string[] {
  const result = strictSchema(schema).safeParse(value);
  if (result.success) return [];
  return result.error.issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => [...issue.path, key].join('.'))
      : [],
  );
}

const inner = z.object({ a: z.string() });
const surplus = { a: 'x', b: 1 };

describe('unknown keys are refused', () => {
  test.each<[string, ZodType, unknown, string]>([
    ['at the top', inner, surplus, 'b'],
    ['in an object within', z.object({ in: inner }), { in: surplus }, 'in.b'],
    ['in an array', z.object({ list: z.array(inner) }), { list: [surplus] }, 'list.0.b'],
    ['in an optional', z.object({ in: inner.optional() }), { in: surplus }, 'in.b'],
    [
      'in a nullable with default',
      z.object({ in: inner.nullable().default(null) }),
      { in: surplus },
      'in.b',
    ],
    [
      'in a record',
      z.object({ map: z.record(z.string(), inner) }),
      { map: { k: surplus } },
      'map.k.b',
    ],
    ['before a transform', z.object({ in: inner.transform((v) => v.a) }), { in: surplus }, 'in.b'],
  ])('%s', (_name, schema, value, where) => {
    expect(unknownKeys(schema, value)).toEqual([where]);
  });

  test('in each member of a discriminated union', () => {
    const schema = z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('a'), x: z.string() }),
      z.object({ kind: z.literal('b'), y: z.string() }),
    ]);
    expect(unknownKeys(schema, { kind: 'b', y: 'y', x: 'x' })).toEqual(['x']);
    expect(strictSchema(schema).safeParse({ kind: 'a', x: 'x' }).success).toBe(true);
  });
});

test('defaults, refinements and transforms still work', () => {
  const schema = z
    .object({ a: z.string().default('d'), n: z.coerce.number() })
    .refine((value) => value.n < 10, { path: ['n'], message: 'too much' })
    .transform((value) => ({ ...value, sum: value.n + 1 }));
  expect(strictSchema(schema).parse({ n: '4' })).toEqual({ a: 'd', n: 4, sum: 5 });
  expect(strictSchema(schema).safeParse({ n: '40' }).success).toBe(false);
});

test('an object that says what else it takes is left as it is', () => {
  const schema = z.object({ a: z.string() }).catchall(z.number());
  expect(strictSchema(schema).safeParse({ a: 'x', b: 1 }).success).toBe(true);
});
