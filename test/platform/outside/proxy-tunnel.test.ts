// A real CONNECT proxy and a real TLS destination on loopback.

import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import {
  createHttpClient,
  HTTP_CLIENT_DEFAULTS,
} from '../../../server/platform/outside/http-client.ts';
import type { Exchange } from '../../../server/platform/outside/http-exchange.ts';
import { makeAuthority, makeLeaf } from '../../../server/platform/crypto/certificates.ts';
import { realWorld } from '../../../server/real-world.ts';

let closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  closers = [];
});

const YEAR_MS = 365 * 24 * 3_600_000;
const times = {
  notBefore: Date.now() - 60_000,
  notAfter: Date.now() + YEAR_MS,
  serial: new Uint8Array([1, 2, 3]),
};
const authority = makeAuthority({ name: 'Test authority', ...times });
const leaf = makeLeaf(authority, { names: ['provider.test', '127.0.0.1'], ...times });

async function listen(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** Answers every request with the bytes it got. */
function provider(): Promise<number> {
  return listen(
    createHttpsServer({ key: leaf.keyPem, cert: leaf.certPem }, (request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => response.end(`${request.method} ${request.url} ${body}`));
    }),
  );
}

interface Seen {
  asked: string;
  authorization: string | null;
}

/** A proxy that sends every tunnel to `port`, whatever name was asked for. */
async function proxy(port: number, status = 200): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = createHttpServer();
  server.on('connect', (request, socket: Socket) => {
    const authorization = request.headers['proxy-authorization'] ?? null;
    seen.push({ asked: request.url ?? '', authorization });
    socket.on('error', () => undefined);
    if (status !== 200) return socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('close', () => onward.destroy());
  });
  return { url: `http://127.0.0.1:${await listen(server)}`, seen };
}

async function ask(baseUrl: string, url: string, credentials: string | null): Promise<Exchange> {
  const client = createHttpClient(realWorld(), {
    ...HTTP_CLIENT_DEFAULTS,
    baseUrl,
    connectTimeoutMs: 2_000,
    ca: authority.certPem,
    proxy: { url, credentials },
  });
  closers.push(() => client.close());
  const request = { method: 'POST', path: '/v1/x', headers: {}, body: 'amount=1' } as const;
  return client.exchange(request, AbortSignal.timeout(10_000));
}

describe('a provider behind a proxy', () => {
  test('is reached through a tunnel, its certificate checked by its own name', async () => {
    const { url, seen } = await proxy(await provider());
    const ended = await ask('https://provider.test', url, 'door:secret');
    expect(ended).toMatchObject({
      kind: 'answered',
      response: { status: 200, body: 'POST /v1/x amount=1' },
    });
    const authorization = `Basic ${btoa('door:secret')}`;
    expect(seen).toEqual([{ asked: 'provider.test:443', authorization }]);
  });

  test('is not believed with a certificate of another name', async () => {
    const { url } = await proxy(await provider());
    expect(await ask('https://other.test', url, null)).toMatchObject({
      kind: 'failed',
      phase: 'connecting',
    });
  });

  test.each([403, 407, 502])(
    'a proxy that answers %i proves that nothing was sent',
    async (status) => {
      const { url, seen } = await proxy(await provider(), status);
      const ended = await ask('https://provider.test', url, null);
      expect(ended).toMatchObject({ kind: 'failed', phase: 'connecting' });
      expect((ended as { error: Error }).error.message).toContain(
        `answered ${status} to CONNECT provider.test:443`,
      );
      expect(seen).toEqual([{ asked: 'provider.test:443', authorization: null }]);
    },
  );

  test('a proxy that is not there proves it too', async () => {
    expect(await ask('https://provider.test', 'http://127.0.0.1:1', null)).toMatchObject({
      kind: 'failed',
      phase: 'connecting',
    });
  });

  test('a proxy that never answers is given up at the limit of connecting', async () => {
    const port = await listen(createHttpServer().on('connect', () => undefined));
    const ended = await ask('https://provider.test', `http://127.0.0.1:${port}`, null);
    expect(ended).toMatchObject({ kind: 'failed', phase: 'connecting' });
  });
});
