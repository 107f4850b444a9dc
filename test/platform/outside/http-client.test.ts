// Real sockets on loopback, broken in every way that an exchange can break. What is checked is the
// phase: `connecting` must prove that nothing was executed, and nothing else may claim it.

import { afterEach, describe, expect, test } from '@jest/globals';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import {
  createHttpClient,
  ExchangeTimeoutError,
  HTTP_CLIENT_DEFAULTS,
  type HttpClientSettings,
  ResponseTooLargeError,
} from '../../../server/platform/outside/http-client.ts';
import type {
  Exchange,
  HttpClient,
  HttpRequest,
} from '../../../server/platform/outside/http-exchange.ts';
import { createTestWorld } from '../../support/world.ts';
import { until } from '../../support/until.ts';

const POST: HttpRequest = {
  method: 'POST',
  path: '/v1/payment_intents?x=1',
  headers: { 'content-type': 'text/plain', 'idempotency-key': 'opr_1' },
  body: 'amount=1250',
};
const OK = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nrequest-id: req_1\r\n\r\nok';

let closers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  closers = [];
});

/** A raw TCP server; `onRequest` sees the bytes received so far whenever a header block is complete. */
async function serve(
  onRequest: (socket: Socket, received: string, count: number) => void,
  server: Server = createServer(),
): Promise<{ port: number; url: string; requests: string[]; sockets: Set<Socket> }> {
  const requests: string[] = [];
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    let received = '';
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      if (!received.includes('\r\n\r\n')) return;
      requests.push(received);
      onRequest(socket, received, requests.length);
      received = '';
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as { port: number };
  return { port, url: `http://127.0.0.1:${port}`, requests, sockets };
}

function client(baseUrl: string, settings: Partial<HttpClientSettings> = {}): HttpClient {
  const made = createHttpClient(createTestWorld({ clock: 'running' }), {
    ...HTTP_CLIENT_DEFAULTS,
    baseUrl,
    ...settings,
  });
  closers.push(() => made.close());
  return made;
}

const never = (): AbortSignal => new AbortController().signal;

function failure(exchange: Exchange): { phase: string; error: Error } {
  if (exchange.kind !== 'failed') throw new Error('expected a failed exchange, found an answer');
  return { phase: exchange.phase, error: exchange.error };
}

describe('an exchange that is answered', () => {
  test('carries exactly the bytes, path and headers it was given', async () => {
    const server = await serve((socket) => socket.write(OK));
    const ended = await client(`${server.url}/prefix/`).exchange(POST, never());
    expect(ended).toMatchObject({
      kind: 'answered',
      response: { status: 200, body: 'ok', headers: { 'request-id': 'req_1' } },
    });
    const [sent] = server.requests;
    expect(sent).toContain('POST /prefix/v1/payment_intents?x=1 HTTP/1.1');
    expect(sent).toContain('idempotency-key: opr_1');
    expect(sent?.endsWith('\r\n\r\namount=1250')).toBe(true);
  });

  test('is not followed when it is a redirect, and not retried when it is a 503', async () => {
    const server = await serve((socket, _received, count) =>
      socket.write(
        count === 1
          ? 'HTTP/1.1 307 Elsewhere\r\nlocation: /other\r\ncontent-length: 0\r\n\r\n'
          : 'HTTP/1.1 503 Busy\r\nretry-after: 1\r\ncontent-length: 0\r\n\r\n',
      ),
    );
    const http = client(server.url);
    expect(await http.exchange(POST, never())).toMatchObject({ response: { status: 307 } });
    expect(await http.exchange(POST, never())).toMatchObject({ response: { status: 503 } });
    expect(server.requests).toHaveLength(2);
  });

  test('tells its observer once', async () => {
    const server = await serve((socket) => socket.write(OK));
    const seen: string[] = [];
    const http = client(server.url, { observe: (exchange) => seen.push(exchange.kind) });
    await http.exchange(POST, never());
    expect(seen).toEqual(['answered']);
  });
});

describe('nothing was written (connecting)', () => {
  test('the port refuses', async () => {
    const server = await serve(() => undefined);
    await closers.pop()?.();
    const { phase, error } = failure(await client(server.url).exchange(POST, never()));
    expect(phase).toBe('connecting');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  test('the name does not resolve', async () => {
    const ended = await client('http://no-such-host.invalid').exchange(POST, never());
    expect(failure(ended).phase).toBe('connecting');
  });

  test('TLS is refused: the other side speaks no TLS', async () => {
    const plain = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('220 this is not TLS\r\n');
    });
    const { port } = await serve(() => undefined, plain);
    const ended = await client(`https://127.0.0.1:${port}`).exchange(POST, never());
    expect(failure(ended).phase).toBe('connecting');
  });

  test('TLS never finishes its handshake', async () => {
    const server = await serve(() => undefined);
    const http = client(`https://127.0.0.1:${server.port}`, { connectTimeoutMs: 100 });
    expect(failure(await http.exchange(POST, never())).phase).toBe('connecting');
  });

  test('TLS is closed in the handshake', async () => {
    const tls = createTlsServer({}); // it has no certificate: every handshake fails
    tls.on('tlsClientError', () => undefined);
    const { port } = await serve(() => undefined, tls);
    const ended = await client(`https://127.0.0.1:${port}`).exchange(POST, never());
    expect(failure(ended).phase).toBe('connecting');
  });

  test('the request is still queued behind others when its time is up, and never leaves later', async () => {
    const held: Socket[] = [];
    const server = await serve((socket) => held.push(socket));
    const http = client(server.url, { connectionsMax: 1, connectTimeoutMs: 100 });
    const first = http.exchange({ ...POST, body: 'first' }, never());
    await until('the first request', () => held.length === 1);
    const second = failure(await http.exchange({ ...POST, body: 'second' }, never()));
    expect(second.phase).toBe('connecting');
    expect(second.error).toBeInstanceOf(ExchangeTimeoutError);
    held[0]?.write(OK);
    await first;
    const third = http.exchange({ ...POST, body: 'third' }, never());
    await until('the third request', () => held.length === 2);
    held[1]?.write(OK);
    expect(await third).toMatchObject({ kind: 'answered' });
    expect(server.requests.map((text) => text.split('\r\n\r\n')[1])).toEqual(['first', 'third']);
  });

  test('the signal is aborted already', async () => {
    const server = await serve((socket) => socket.write(OK));
    const ended = await client(server.url).exchange(POST, AbortSignal.abort(new Error('stopping')));
    expect(failure(ended)).toMatchObject({ phase: 'connecting', error: { message: 'stopping' } });
    expect(server.requests).toHaveLength(0);
  });
});

describe('the request may have been executed (written)', () => {
  test('the connection is accepted and reset before anything is read', async () => {
    const resetting = createServer({ pauseOnConnect: true }, (socket) => {
      socket.on('error', () => undefined);
      setImmediate(() => socket.resetAndDestroy());
    });
    const { url } = await serve(() => undefined, resetting);
    const { phase } = failure(await client(url).exchange(POST, never()));
    // Depending on who is faster the reset arrives before the first byte or after it; what may not
    // happen is a claim of "connecting" once the request was started.
    expect(['connecting', 'written']).toContain(phase);
  });

  test('the request is read and the connection reset', async () => {
    const server = await serve((socket) => socket.resetAndDestroy());
    expect(failure(await client(server.url).exchange(POST, never())).phase).toBe('written');
    expect(server.requests).toHaveLength(1);
  });

  test('the connection is half-closed without an answer', async () => {
    const server = await serve((socket) => socket.end());
    expect(failure(await client(server.url).exchange(POST, never())).phase).toBe('written');
  });

  test('nobody answers', async () => {
    const server = await serve(() => undefined);
    const http = client(server.url, { headersTimeoutMs: 100 });
    const { phase, error } = failure(await http.exchange(POST, never()));
    expect(phase).toBe('written');
    expect(error).toBeInstanceOf(ExchangeTimeoutError);
    await until('the connection to be given up', () => server.sockets.size === 0);
  });

  test('a kept connection dies while the request is on it', async () => {
    const server = await serve((socket, _received, count) =>
      count === 1 ? socket.write(OK) : socket.resetAndDestroy(),
    );
    const http = client(server.url, { connectionsMax: 1 });
    expect(await http.exchange(POST, never())).toMatchObject({ kind: 'answered' });
    expect(failure(await http.exchange(POST, never())).phase).toBe('written');
    expect(server.requests).toHaveLength(2); // not replayed on another connection
  });

  test('a GET is not replayed either', async () => {
    const server = await serve((socket, _received, count) =>
      count === 1 ? socket.write(OK) : socket.resetAndDestroy(),
    );
    const http = client(server.url, { connectionsMax: 1 });
    const get: HttpRequest = { ...POST, method: 'GET', body: null };
    await http.exchange(get, never());
    expect(failure(await http.exchange(get, never())).phase).toBe('written');
    expect(server.requests).toHaveLength(2);
  });

  test('the caller aborts while waiting', async () => {
    const server = await serve(() => undefined);
    const abort = new AbortController();
    const running = client(server.url).exchange(POST, abort.signal);
    await until('the request', () => server.requests.length === 1);
    abort.abort(new Error('stopping'));
    expect(failure(await running)).toMatchObject({
      phase: 'written',
      error: { message: 'stopping' },
    });
  });

  test('an interim response is not an answer', async () => {
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n');
      setImmediate(() => socket.resetAndDestroy());
    });
    expect(failure(await client(server.url).exchange(POST, never())).phase).toBe('written');
  });

  test('the answer is not HTTP', async () => {
    const server = await serve((socket) => socket.end('banana\r\n\r\n'));
    expect(failure(await client(server.url).exchange(POST, never())).phase).toBe('written');
  });
});

describe('headers were seen and the body is not whole (reading)', () => {
  const HALF = 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf';

  test('the connection is reset in the middle of the body', async () => {
    const server = await serve((socket) =>
      socket.write(HALF, () => setTimeout(() => socket.resetAndDestroy(), 20)),
    );
    expect(failure(await client(server.url).exchange(POST, never())).phase).toBe('reading');
  });

  test('the connection is closed in the middle of the body', async () => {
    const server = await serve((socket) => socket.end(HALF));
    expect(failure(await client(server.url).exchange(POST, never())).phase).toBe('reading');
  });

  test('the body falls silent', async () => {
    const server = await serve((socket) => socket.write(HALF));
    const http = client(server.url, { bodyIdleTimeoutMs: 100 });
    expect(failure(await http.exchange(POST, never())).phase).toBe('reading');
  });

  test('the body trickles for ever: the limit of the whole exchange ends it', async () => {
    const server = await serve((socket) => {
      socket.write('HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n');
      const drip = setInterval(() => socket.write('.'), 10);
      socket.on('close', () => clearInterval(drip));
    });
    const http = client(server.url, { bodyIdleTimeoutMs: 5_000, totalTimeoutMs: 200 });
    const { phase, error } = failure(await http.exchange(POST, never()));
    expect(phase).toBe('reading');
    expect(error.message).toContain('the whole exchange');
  });

  test('the body is larger than the cap', async () => {
    const server = await serve((socket) =>
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n${'x'.repeat(5000)}`),
    );
    const http = client(server.url, { responseBytesMax: 1000 });
    const { phase, error } = failure(await http.exchange(POST, never()));
    expect(phase).toBe('reading');
    expect(error).toBeInstanceOf(ResponseTooLargeError);
  });

  test('a connection that failed does not harm the next exchange', async () => {
    const server = await serve((socket, _received, count) =>
      count === 1 ? socket.resetAndDestroy() : socket.write(OK),
    );
    const http = client(server.url, { connectionsMax: 1 });
    await http.exchange(POST, never());
    expect(await http.exchange(POST, never())).toMatchObject({ kind: 'answered' });
  });
});
