// What a request and a reply are for every twin, and how a body is read within a limit.
// Owns no routing and no faults.

import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';

export type TwinRequest = {
  id: string;
  method: string;
  path: string;
  search: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
  remoteAddress: string;
};

export type TwinReply = { status: number; headers: Record<string, string>; body: string };

export class BodyTooLarge extends Error {}

export function jsonReply(status: number, value: unknown): TwinReply {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: `${JSON.stringify(value, null, 2)}\n`,
  };
}

export function headerOf(request: TwinRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export function readBody(message: IncomingMessage, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBytes) chunks.push(chunk);
      else reject(new BodyTooLarge(`the body is larger than ${maxBytes} bytes`));
    });
    message.on('end', () => resolve(Buffer.concat(chunks)));
    message.on('error', reject);
    message.on('close', () => reject(new Error('the client went away before its body ended')));
  });
}

export function sendReply(response: ServerResponse, reply: TwinReply): void {
  response.writeHead(reply.status, {
    ...reply.headers,
    'content-length': String(Buffer.byteLength(reply.body)),
  });
  response.end(reply.body);
}

/** The path's parameters when it fits a pattern such as `/v1/things/:id/act`, else null. */
export function matchPath(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split('/');
  const found = path.split('/');
  if (wanted.length !== found.length) return null;
  const values: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = found[index] ?? '';
    if (part.startsWith(':') && segment !== '') values[part.slice(1)] = segment;
    else if (part !== segment) return null;
  }
  return values;
}

/** A page that loads nothing from anywhere and is never kept. */
export function htmlReply(status: number, body: string): TwinReply {
  return {
    status,
    body,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
    },
  };
}
