import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { API_VERSIONS } from '../../../server/platform/http/index.ts';
import { openApiDocument } from '../../../server/platform/http/openapi.ts';
import { route } from '../../../server/platform/http/route.ts';
import { buildTable } from '../../../server/platform/http/table.ts';

const Thing = z
  .object({
    id: z.string(),
    count: z.int(),
    at: z.iso.datetime(),
    code: z.string().meta({ secret: true }),
  })
  .meta({ id: 'Thing' });

const base = { tag: 'Things', summary: 'A thing', answer: Thing } as const;
const table = buildTable(
  [
    route({
      ...base,
      operationId: 'listThings',
      method: 'GET',
      path: '/v1/things',
      action: 'thing.read',
      resource: 'collection',
      idempotency: 'none',
      pagination: 'cursor',
      query: z.object({ kind: z.enum(['a', 'b']).optional() }),
      status: 200,
      run: async () => ({ data: [], hasMore: false }),
      present: () => [],
    }),
    route({
      ...base,
      operationId: 'changeThing',
      method: 'PATCH',
      path: '/v1/things/:thing_id',
      action: 'thing.change',
      resource: { kind: 'thing', param: 'thing_id' },
      idempotency: 'required',
      precondition: 'required',
      params: z.object({ thing_id: z.string() }),
      body: z.object({ name: z.string().max(20) }).meta({ id: 'ThingChange' }),
      status: 200,
      run: async () => ({}),
      present: () => ({}),
      versionOf: () => 1,
    }),
    route({
      ...base,
      operationId: 'receive',
      method: 'POST',
      path: '/v1/ingress',
      action: 'public',
      resource: 'none',
      idempotency: 'none',
      payload: 'raw',
      problems: ['signature_invalid', 'conflict'],
      status: 204,
      run: async () => ({}),
      present: () => ({}),
    }),
  ],
  { actions: ['thing.read', 'thing.change'], kinds: ['thing'] },
);

// oxlint-disable-next-line typescript/no-explicit-any -- a document is looked into at every depth
const document: any = openApiDocument(table, {
  build: { version: '1', commit: 'c' },
  versions: API_VERSIONS,
  pageLimitDefault: 50,
  pageLimitMax: 200,
});

describe('OpenAPI 3.1 §4.8', () => {
  test('every operation is there, with its permission', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(document.paths['/v1/things'].get['x-permission']).toBe('thing.read');
    expect(document.paths['/v1/things/{thing_id}'].patch['x-permission']).toBe('thing.change');
    expect(document.paths['/v1/ingress'].post.security).toEqual([]);
  });

  test('every reference points at something', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(5);
    for (const [, path = ''] of references) {
      const target = path.split('/').reduce((value, key) => value?.[key], document);
      expect([path, target !== undefined]).toEqual([path, true]);
    }
  });

  test('a list has its paging words, and answers a page named after its item', () => {
    const { get } = document.paths['/v1/things'];
    expect(get.parameters.map((each: { name?: string }) => each.name)).toEqual(
      expect.arrayContaining(['kind', 'limit', 'cursor']),
    );
    const limit = get.parameters.find((each: { name?: string }) => each.name === 'limit');
    expect(limit.schema).toMatchObject({ type: 'integer', minimum: 1, maximum: 200 });
    expect(get.responses['200'].content['application/json'].schema.$ref).toMatch(/ThingPage$/);
    expect(document.components.schemas.ThingPage.required).toEqual([
      'data',
      'has_more',
      'next_cursor',
    ]);
  });

  test('a change names its headers and every problem it may answer', () => {
    const { patch } = document.paths['/v1/things/{thing_id}'];
    const references = patch.parameters.map((each: { $ref?: string }) => each.$ref);
    expect(references).toContain('#/components/parameters/RequiredIdempotencyKey');
    expect(references).toContain('#/components/parameters/RequiredIfMatch');
    expect(Object.keys(patch.responses)).toEqual(
      expect.arrayContaining([
        '200',
        '400',
        '401',
        '403',
        '404',
        '409',
        '412',
        '413',
        '415',
        '422',
        '428',
      ]),
    );
  });

  test('what a verb alone may answer is named beside it, each code once', () => {
    const { responses } = document.paths['/v1/ingress'].post;
    expect(responses['401'].description).toBe('`signature_invalid`: The signature does not match.');
    expect(responses['409'].description.match(/`conflict`/g)).toHaveLength(1);
    expect(responses['404']).toBeUndefined();
  });

  test('answers stay open for new fields, and carry no noise', () => {
    const thing = document.components.schemas.Thing;
    expect(thing.additionalProperties).toBeUndefined();
    expect(thing.properties.count).toEqual({ type: 'integer' });
    expect(thing.properties.at).toEqual({ type: 'string', format: 'date-time' });
    expect(thing.properties.code).toEqual({ type: 'string', 'x-secret': true });
    expect(Object.keys(document.components.schemas)).not.toContain('ThingOutput');
  });
});
