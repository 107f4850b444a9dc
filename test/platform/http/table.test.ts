import { describe, expect, test } from '@jest/globals';
import { z } from 'zod';
import { type AnyRoute, type Route, route } from '../../../server/platform/http/route.ts';
import { buildTable, RouteTableError } from '../../../server/platform/http/table.ts';

const rules = { actions: ['thing.read', 'thing.create'], kinds: ['node'] };

const good = {
  operationId: 'getThing',
  method: 'GET',
  path: '/v1/things/:node_id',
  summary: 'One thing',
  tag: 'Things',
  action: 'thing.read',
  resource: { kind: 'node', param: 'node_id' },
  idempotency: 'none',
  params: z.object({ node_id: z.string() }),
  answer: z.object({ id: z.string() }),
  status: 200,
  run: async () => ({ id: 'x' }),
  present: (thing: unknown) => thing,
} as const;

function changed(change: Partial<Record<keyof Route, unknown>>): AnyRoute {
  return { ...good, ...change } as unknown as AnyRoute;
}

function refusal(...routes: AnyRoute[]): string {
  try {
    buildTable(routes, rules);
  } catch (error) {
    expect(error).toBeInstanceOf(RouteTableError);
    return (error as Error).message;
  }
  return 'accepted';
}

test('a whole route is accepted', () => {
  expect(refusal(route(good as never))).toBe('accepted');
});

describe('the app refuses to start', () => {
  test.each([
    ['without an action', { action: undefined }, 'names no action'],
    ['with an unknown action', { action: 'thing.eat' }, 'thing.eat is not in the closed list'],
    ['without a resource', { resource: undefined }, 'names no resource'],
    ['with an unknown kind', { resource: { kind: 'moon', param: 'node_id' } }, 'kind moon'],
    [
      'with a resource that is not in the path',
      { resource: { kind: 'node', param: 'id' } },
      'not in the path',
    ],
    [
      'with a resource that is not in the body',
      { resource: { kind: 'node', bodyField: 'a' } },
      'not in the body',
    ],
    ['without an answer schema', { answer: undefined }, 'no answer schema'],
    ['with a parameter that has no schema', { params: z.object({}) }, 'the params schema []'],
    ['with a public action on a resource', { action: 'public' }, 'resource none only'],
    ['with a body on a GET', { body: z.object({ a: z.string() }) }, 'body schema'],
    ['with an idempotent GET', { idempotency: 'accepted' }, 'idempotent by itself'],
    ['with a paged POST', { method: 'POST', pagination: 'cursor' }, 'only a GET is a list'],
    ['with a precondition and no version', { precondition: 'required' }, 'needs versionOf'],
    ['with a path of another form', { path: '/V1/Things/' }, 'expected a path like'],
  ])('%s', (_name, change, words) => {
    expect(refusal(changed(change))).toContain(words);
  });

  test('when two routes share an operationId', () => {
    const other = changed({ path: '/v1/others/:node_id' });
    expect(refusal(changed({}), other)).toContain('collides');
  });

  test('when two routes share a path, whatever its parameters are called', () => {
    const other = changed({
      operationId: 'getOther',
      path: '/v1/things/:thing_id',
      params: z.object({ thing_id: z.string() }),
      resource: { kind: 'node', param: 'thing_id' },
    });
    expect(refusal(changed({}), other)).toContain('collides');
  });

  test('and names every fault at once', () => {
    const message = refusal(changed({ action: 'thing.eat', answer: undefined }));
    expect(message).toContain('thing.eat');
    expect(message).toContain('no answer schema');
  });
});
