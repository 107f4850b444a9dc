// What never becomes a request, written by hand on a socket: it gets the same document as everything else.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect } from 'node:net';
import { useTestDatabase } from '../../support/database.ts';
import { startTestHttp, type TestHttp } from '../../support/http.ts';

const database = useTestDatabase();
let http: TestHttp;

beforeAll(async () => {
  http = await startTestHttp(database.deps());
});
afterAll(() => http.close());

interface Answer {
  statusLine: string;
  headers: Record<string, string>;
  problem: Record<string, unknown>;
}

/** Until the server closes the connection. */
async function write(bytes: string): Promise<Answer> {
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(http.server.port, '127.0.0.1', () => socket.write(bytes));
    let received = '';
    socket.on('data', (chunk) => (received += chunk.toString()));
    socket.on('error', reject);
    socket.on('end', () => {
      socket.end();
      resolve(received);
    });
  });
  const [head = '', body = ''] = text.split('\r\n\r\n');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line) => line.split(': ') as [string, string]);
  return { statusLine, headers: Object.fromEntries(headers), problem: JSON.parse(body) };
}

describe('what is not a request', () => {
  test('is refused with headers beyond the limit, by the path that was asked for', async () => {
    const big = 'x'.repeat(20_000);
    const { statusLine, headers, problem } = await write(
      `GET /v1/whoami?secret=1 HTTP/1.1\r\nHost: a\r\nX-Big: ${big}\r\n\r\n`,
    );
    expect(statusLine).toBe('HTTP/1.1 431 Request Header Fields Too Large');
    expect(headers).toMatchObject({
      'Content-Type': 'application/problem+json; charset=utf-8',
      'Request-Id': expect.stringMatching(/^req_[0-9a-z]{26}$/),
      'Cache-Control': 'no-store',
      Connection: 'close',
    });
    expect(problem).toMatchObject({
      code: 'header_too_large',
      status: 431,
      instance: '/v1/whoami',
      request_id: headers['Request-Id'],
      commit: 'c0ffee',
      detail: 'Expected headers of at most 16384 bytes in all, found more.',
    });
  });

  test('is refused when it is not HTTP, and names no path', async () => {
    const { statusLine, headers, problem } = await write('NOT HTTP AT ALL\r\n\r\n');
    expect(statusLine).toBe('HTTP/1.1 400 Bad Request');
    expect(problem).toMatchObject({
      code: 'invalid_request',
      instance: '*',
      request_id: headers['Request-Id'],
    });
  });
});
