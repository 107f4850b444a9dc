// The cut line: what a client sees, and what the provider never learns.

import net from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type Ending, rawRequest, stripePost } from '../../support/raw-request.ts';
import { spawnTwin, type Twin, THEN_CUT } from '../../support/spawn-twin.ts';
import { until } from '../../support/until.ts';
import { startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';

let twin: Twin;
let hook: WebhookReceiver;

beforeAll(async () => {
  hook = await startWebhookReceiver();
  twin = await spawnTwin('stripe', { 'webhook-url': hook.url, 'webhook-secret': 'whsec_wan' });
});
afterAll(async () => {
  await twin.stop();
  await hook.stop();
});
afterEach(() => twin.ask('POST', '/wan', { state: 'up' }));

const post = (key: string, patienceMs = 300) =>
  rawRequest(twin.api, { ...stripePost(key, '/v1/customers', {}), patienceMs });
const cut = (mode: string) => twin.ask('POST', '/wan', { state: 'cut', mode });
const count = async () =>
  ((await twin.ask('GET', '/state')) as { counts: { customer: number } }).counts.customer;

describe('new connections', () => {
  test('are reset in mode reset', async () => {
    await cut('reset');
    expect(await post('a')).toEqual({ kind: 'broken', code: 'ECONNRESET' });
  });

  test('are accepted and silent in mode hang, and what they carried never arrives', async () => {
    const before = await count();
    await cut('hang');
    expect(await post('b')).toEqual({ kind: 'silent' });
    const late = post('c', 10_000);
    await until(
      'the hanging socket',
      async () =>
        ((await twin.ask('GET', '/state')) as { wan: { hanging: number } }).wan.hanging >= 1,
    );
    await twin.ask('POST', '/wan', { state: 'up' });
    expect(await late).toEqual({ kind: 'broken', code: 'ECONNRESET' });
    expect(await count()).toBe(before);
  });

  test('alternate in mode both', async () => {
    await cut('both');
    const endings: Ending['kind'][] = [];
    for (let index = 0; index < 4; index += 1) endings.push((await post(`d${index}`)).kind);
    expect(endings.toSorted()).toEqual(['broken', 'broken', 'silent', 'silent']);
  });
});

describe('open connections', () => {
  test('are reset in mode reset', async () => {
    const { hostname, port } = new URL(twin.api);
    const socket = net.connect(Number(port), hostname);
    const broken = new Promise((resolve) =>
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code)),
    );
    await until(
      'the connection',
      async () =>
        ((await twin.ask('GET', '/state')) as { wan: { sockets: number } }).wan.sockets >= 1,
    );
    await cut('reset');
    expect(await broken).toBe('ECONNRESET');
  });
});

describe('the rest of the world', () => {
  test('the control API answers, and after the return everything works', async () => {
    await cut('reset');
    expect(await twin.ask('GET', '/state')).toMatchObject({ wan: { state: 'cut', mode: 'reset' } });
    await twin.ask('POST', '/wan', { state: 'up' });
    expect(await post('e')).toMatchObject({ status: 200 });
  });

  test('webhooks of the time of the cut are not sent at its end, only an hour later', async () => {
    await post('f');
    await until('its webhook', () => hook.received.some(({ body }) => body.includes('"f"')));
    await twin.ask('POST', '/faults', {
      on: 'request',
      path: '/v1/customers',
      kind: 'lost_reply',
      ...THEN_CUT,
    });
    expect(await post('g')).toMatchObject({ kind: 'broken' });
    await until('the failed attempt', () => twin.log().includes('the line is cut'));
    await twin.ask('POST', '/wan', { state: 'up' });
    await post('h');
    await until('a later webhook', () => hook.received.some(({ body }) => body.includes('"h"')));
    expect(hook.received.some(({ body }) => body.includes('"g"'))).toBe(false);
    await twin.ask('POST', '/clock', { advance_ms: 3_600_000 });
    await until('the retried webhook', () =>
      hook.received.some(({ body }) => body.includes('"g"')),
    );
    await twin.ask('POST', '/clock', { real: true });
  });
});
