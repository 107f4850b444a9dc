// The listener and its connections on real TLS sockets; no device words.

import { afterEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as tlsConnect } from 'node:tls';
import { WebSocket } from 'ws';
import { openGatewayIdentity } from '../../../server/platform/crypto/appliance-authority.ts';
import {
  type Connection,
  createRealtimeServer,
  type RealtimeServer,
  type RealtimeSettings,
} from '../../../server/platform/realtime/index.ts';
import { realTimers, seededRandom } from '../../support/world.ts';
import { until } from '../../support/until.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-realtime-'));
const world = {
  clock: { now: () => Date.now() },
  monotonic: () => performance.now(),
  timers: realTimers(),
  random: seededRandom(7),
};
const certificate = openGatewayIdentity(world, { folder, publicNames: ['127.0.0.1'] });
const settings: RealtimeSettings = {
  host: '127.0.0.1',
  port: 0,
  path: '/talk',
  protocols: ['b.2', 'a.1'],
  maxPayloadBytes: 4_096,
  pingMs: 10_000,
  pongDeadlineMs: 10_000,
  sendQueueBytes: 65_536,
  connectionsMax: 10,
  connectsPerSecond: 100,
};
let server: RealtimeServer | null = null;
afterEach(async () => {
  await server?.stop(200);
  server = null;
});

const listen = async (
  changes: Partial<RealtimeSettings>,
  onConnection: (c: Connection) => void,
) => {
  server = createRealtimeServer({
    world,
    certificate,
    onConnection,
    settings: { ...settings, ...changes },
  });
  return (await server.listen()).port;
};
const open = (port: number, options: object = {}, protocols = ['a.1']): WebSocket =>
  new WebSocket(`wss://127.0.0.1:${port}/talk`, protocols, {
    ca: certificate.anchorPem,
    ...options,
  });
const ended = (socket: WebSocket): Promise<{ code: number; reason: string }> =>
  new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });

describe('a realtime listener', () => {
  test('chooses its own best protocol and answers what it is sent', async () => {
    const port = await listen({}, (connection) => {
      connection.onText((text) => connection.send({ echo: text, over: connection.protocol }));
    });
    const socket = open(port, {}, ['x.9', 'a.1', 'b.2']);
    const answer = await new Promise((resolve) => {
      socket.once('open', () => socket.send('hello'));
      socket.once('message', (data) => resolve(JSON.parse((data as Buffer).toString())));
    });
    expect(answer).toEqual({ echo: 'hello', over: 'b.2' });
    expect(socket.extensions).toBe('');
  });

  test('ends a connection that answers no ping', async () => {
    const port = await listen({ pingMs: 40, pongDeadlineMs: 60 }, () => undefined);
    const [silent, alive] = [open(port, { autoPong: false }), open(port)];
    expect(await ended(silent)).toEqual({ code: 4012, reason: 'no pong in time' });
    expect(alive.readyState).toBe(WebSocket.OPEN);
  });

  test('ends nobody for silence while it does not read from him', async () => {
    const connections: Connection[] = [];
    const port = await listen({ pingMs: 40, pongDeadlineMs: 60 }, (connection) => {
      connections.push(connection);
      connection.pause();
    });
    const [paused, silent] = [open(port, { autoPong: false }), open(port, { autoPong: false })];
    await until('both', () => connections.length === 2);
    connections[1]?.resume();
    await Promise.race([ended(silent), ended(paused)]);
    expect(
      [paused.readyState, silent.readyState].filter((state) => state === WebSocket.OPEN),
    ).toHaveLength(1);
  });

  test('cuts a reason at what a close frame holds', async () => {
    const port = await listen({}, (connection) => connection.close(4000, 'é'.repeat(100)));
    const { reason } = await ended(open(port));
    expect(reason).toBe('é'.repeat(61));
  });

  test('refuses a message in too many pieces', async () => {
    const port = await listen({}, () => undefined);
    const socket = open(port);
    socket.once('open', () => {
      for (let piece = 0; piece < 70; piece += 1) socket.send('x', { fin: false });
    });
    expect((await ended(socket)).code).toBe(1008);
  });

  test('refuses more connections per second than it should take', async () => {
    const port = await listen({ connectsPerSecond: 2 }, () => undefined);
    const answers = await Promise.all(
      Array.from(
        { length: 5 },
        () =>
          new Promise<number>((resolve) => {
            const socket = open(port);
            socket.on('error', () => undefined);
            socket.once('open', () => resolve(101));
            socket.once('unexpected-response', (_request, response) => {
              expect(Number(response.headers['retry-after'])).toBeGreaterThanOrEqual(1);
              resolve(response.statusCode ?? 0);
              socket.terminate();
            });
          }),
      ),
    );
    expect(answers.filter((status) => status === 101)).toHaveLength(2);
    expect(answers.filter((status) => status === 429)).toHaveLength(3);
  });

  test('uses a renewed certificate for new handshakes', async () => {
    const port = await listen({}, () => undefined);
    const other = mkdtempSync(join(tmpdir(), 'sallyport-realtime-'));
    const renewed = openGatewayIdentity(world, { folder: other, publicNames: ['127.0.0.1'] });
    server?.useCertificate(renewed);
    const shown = await new Promise<string | undefined>((resolve) => {
      const socket = tlsConnect({ host: '127.0.0.1', port, rejectUnauthorized: false }, () => {
        resolve(socket.getPeerX509Certificate()?.fingerprint256);
        socket.destroy();
      });
    });
    expect(renewed.certPem).not.toBe(certificate.certPem);
    const { X509Certificate } = await import('node:crypto');
    expect(shown).toBe(new X509Certificate(renewed.certPem).fingerprint256);
    rmSync(other, { recursive: true });
  });

  test('says good-bye when it stops, and cuts those who do not leave', async () => {
    const port = await listen({}, () => undefined);
    const [polite, deaf] = [open(port), open(port)];
    await until('both', () => server?.connections() === 2);
    deaf.pause();
    const bye = ended(polite);
    await server?.stop(100);
    expect((await bye).code).toBe(4000);
    expect(server?.connections()).toBe(0);
    deaf.terminate();
    server = null;
  });
});
