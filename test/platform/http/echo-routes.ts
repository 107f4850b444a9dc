// Routes that give back what they were given, for the tests of what the app does around a route.

import { z } from 'zod';
import { type AnyRoute, route } from '../../../server/platform/http/route.ts';
import { AppError } from '../../../server/shared/errors.ts';

/** Why the sleeping route's signal was aborted. */
export const aborted = Promise.withResolvers<unknown>();

const Thing = z.object({ id: z.string() }).meta({ id: 'Thing' });
const base = { tag: 'Things', summary: 'Test', idempotency: 'none', answer: Thing } as const;

export const echoRoutes: readonly AnyRoute[] = [
  route({
    ...base,
    operationId: 'echoThing',
    method: 'POST',
    path: '/v1/echo',
    action: 'authenticated',
    resource: 'none',
    body: z.object({
      name: z.string().min(2).max(5),
      age: z.int().min(18).optional(),
      pin: z.string().max(4).meta({ secret: true }).optional(),
      at: z.iso.datetime().optional(),
      list: z.array(z.object({ kind: z.enum(['a', 'b']) })).optional(),
    }),
    status: 200,
    run: async ({ body }) => body,
    present: (body) => body,
  }),
  route({
    ...base,
    operationId: 'readLines',
    method: 'POST',
    path: '/v1/lines',
    action: 'authenticated',
    resource: 'none',
    payload: 'stream',
    status: 200,
    run: async ({ raw }) => {
      const lines: string[] = [];
      for await (const line of raw.stream()) lines.push(line.toString());
      return lines;
    },
    present: (lines) => ({ lines }),
  }),
  route({
    ...base,
    operationId: 'receiveRaw',
    method: 'POST',
    path: '/v1/raw',
    action: 'public',
    resource: 'none',
    payload: 'raw',
    status: 200,
    run: async ({ raw }) => ({
      hex: (await raw.bytes()).toString('hex'),
      agent: raw.headers['x-a'],
    }),
    present: (answer) => answer,
  }),
  route({
    ...base,
    operationId: 'readVersioned',
    method: 'GET',
    path: '/v1/versioned',
    action: 'authenticated',
    resource: 'none',
    status: 200,
    run: async () => ({ id: 'v', version: 3 }),
    present: ({ id }) => ({ id }),
    versionOf: ({ version }) => version,
  }),
  route({
    ...base,
    operationId: 'changeVersioned',
    method: 'PATCH',
    path: '/v1/versioned',
    action: 'authenticated',
    resource: 'none',
    precondition: 'required',
    body: z.object({ name: z.string() }),
    status: 200,
    run: async ({ ifVersion }) => {
      if (ifVersion !== 3) throw new AppError('version_mismatch', 'Expected 3, found another.');
      return { id: 'v', version: 4 };
    },
    present: ({ id }) => ({ id }),
    versionOf: ({ version }) => version,
  }),
  route({
    ...base,
    operationId: 'sleepForever',
    method: 'POST',
    path: '/v1/sleep',
    action: 'authenticated',
    resource: 'none',
    status: 200,
    run: ({ signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener(
          'abort',
          () => {
            aborted.resolve(signal.reason);
            reject(new Error('Stopped by the signal.'));
          },
          { once: true },
        ),
      ),
    present: () => ({}),
  }),
];
