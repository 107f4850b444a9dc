import { describe, expect, test } from '@jest/globals';
import { connect, type Socket } from 'node:net';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { z } from 'zod';
import { healthPages } from '../../../server/domains/appliance/index.ts';
import { type AnyRoute, route } from '../../../server/platform/http/route.ts';
import { useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';

const database = useTestDatabase();

/** A client that would like to keep its connection. */
const kept = { connection: 'keep-alive' };

interface Gate {
  entered: Promise<void>;
  open(): void;
  routes: readonly AnyRoute[];
}

/** A route whose answer waits until the test opens it. */
function gate(): Gate {
  const inside = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const waiting = route({
    operationId: 'wait',
    method: 'GET',
    path: '/v1/wait',
    summary: 'Wait',
    tag: 'Test',
    action: 'authenticated',
    resource: 'none',
    idempotency: 'none',
    answer: z.object({ done: z.boolean() }),
    status: 200,
    run: async () => {
      inside.resolve();
      await opened.promise;
      return { done: true };
    },
    present: (answer) => answer,
  });
  return { entered: inside.promise, open: opened.resolve, routes: [waiting] };
}

async function isRefused(http: TestHttp): Promise<boolean> {
  return new Promise((resolve) => {
    const socket: Socket = connect(http.server.port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(false);
    });
    socket.once('error', () => resolve(true));
  });
}

describe('stopping', () => {
  test('finishes what is in flight, closes its connection, and takes nothing new', async () => {
    const { entered, open, routes } = gate();
    const { apiKey } = await database.seedOrganization();
    const http = await startTestHttp(database.deps(), { routes, settings: { drainMs: 60_000 } });
    const inFlight = http.request('GET', '/v1/wait', { key: apiKey, headers: kept });
    await entered;
    const stopped = http.close();
    expect(await isRefused(http)).toBe(true);
    open();
    const answer = await inFlight;
    expect([answer.status, answer.headers['connection']]).toEqual([200, 'close']);
    await stopped;
  });

  test('a connection is kept while serving, and an idle one does not hold up the stop', async () => {
    const { apiKey } = await database.seedOrganization();
    const http = await startTestHttp(database.deps(), { settings: { drainMs: 60_000 } });
    const agent = new Agent({ keepAlive: true });
    const headers = await new Promise<IncomingHttpHeaders>((resolve, reject) => {
      const authorization = `Bearer ${apiKey}`;
      const sent = request(`${http.server.url}/v1/whoami`, { agent, headers: { authorization } });
      sent.on('error', reject);
      sent.on('response', (response) => {
        response.resume();
        response.on('end', () => resolve(response.headers));
      });
      sent.end();
    });
    expect(headers.connection).toBe('keep-alive');
    await http.close();
    agent.destroy();
  });

  test('cuts what does not finish within its time', async () => {
    const { entered, open, routes } = gate();
    const { apiKey } = await database.seedOrganization();
    const http = await startTestHttp(database.deps(), { routes, settings: { drainMs: 50 } });
    const inFlight = http.request('GET', '/v1/wait', { key: apiKey }).then(
      () => 'answered',
      () => 'cut',
    );
    await entered;
    await http.close();
    expect(await inFlight).toBe('cut');
    open();
  });

  test('readiness goes down first, while requests are still taken', async () => {
    const deps = database.deps();
    const { apiKey } = await database.seedOrganization();
    const draining: { phase: 'serving' | 'notice' | 'closing' } = { phase: 'serving' };
    const facts = {
      build: { version: '1', commit: 'c' },
      checks: [],
      draining,
      started: () => true,
    };
    const http = await startTestHttp(deps, { pages: healthPages(deps.world, facts) });
    expect((await http.request('GET', '/readyz')).status).toBe(200);
    draining.phase = 'notice';
    http.draining.phase = 'notice';
    const readiness = await http.request('GET', '/readyz');
    const served = await http.request('GET', '/v1/whoami', { key: apiKey, headers: kept });
    expect(readiness.status).toBe(503);
    expect(readiness.json().checks).toContainEqual({
      name: 'serving',
      ok: false,
      detail: 'stopping',
    });
    expect([served.status, served.headers['connection']]).toEqual([200, 'close']);
    await http.close();
  });

  test('a request on a connection that is still open is sent elsewhere', async () => {
    const http = await startTestHttp(database.deps());
    http.draining.phase = 'closing';
    const answer = await http.request('GET', '/v1/whoami');
    expect([answer.status, answer.json().code]).toEqual([503, 'draining']);
    expect(answer.headers['retry-after']).toBe('1');
    await http.close();
  });
});

test('a client that leaves in the middle of its body does not disturb the next one', async () => {
  const { apiKey } = await database.seedOrganization();
  const http = await startTestHttp(database.deps());
  const agent = new Agent();
  await new Promise<void>((resolve) => {
    const half = request(`${http.server.url}/v1/nodes`, {
      method: 'POST',
      agent,
      headers: {
        authorization: `Bearer ${apiKey}`,
        'content-type': 'application/json',
        'content-length': '1000',
      },
    });
    half.on('error', () => resolve());
    half.on('close', () => resolve());
    half.write('{"name":', () => half.destroy());
  });
  expect((await http.request('GET', '/v1/whoami', { key: apiKey })).status).toBe(200);
  agent.destroy();
  await http.close();
});
