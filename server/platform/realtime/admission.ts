// Who may upgrade: path, subprotocol, room, and pace. A refusal is an ordinary HTTP answer before the
// upgrade, so that the cheapest client can log why.

import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import type { RealtimeSettings } from './settings.ts';
import type { TokenBucket } from './token-bucket.ts';

export interface Refusal {
  status: number;
  body: Readonly<Record<string, unknown>>;
  retryAfterSeconds?: number;
}

export interface AdmissionState {
  stopping: boolean;
  connections: number;
  connects: TokenBucket;
}

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  404: 'Not Found',
  426: 'Upgrade Required',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
};

/** When a full or stopping server may have room again. */
const ROOM_AFTER_SECONDS = 5;

/** Null when the connection is welcome. Takes a token only from those that are otherwise right. */
export function refuseUpgrade(
  request: Pick<IncomingMessage, 'url' | 'headers' | 'method'>,
  settings: RealtimeSettings,
  state: AdmissionState,
): Refusal | null {
  if (pathOf(request.url) !== settings.path)
    return { status: 404, body: { error: 'not_found', expected: settings.path } };
  if (chooseProtocol(offeredBy(request.headers), settings.protocols) === null)
    return { status: 400, body: { error: 'no_common_protocol', supported: settings.protocols } };
  if (state.stopping || state.connections >= settings.connectionsMax) {
    const error = state.stopping ? 'stopping' : 'full';
    return { status: 503, body: { error }, retryAfterSeconds: ROOM_AFTER_SECONDS };
  }
  if (state.connects.take()) return null;
  const retryAfterSeconds = Math.max(1, Math.ceil(state.connects.waitMs() / 1_000));
  return { status: 429, body: { error: 'too_many_connects' }, retryAfterSeconds };
}

/** The server's best among those the client offers; its order is the server's. */
export function chooseProtocol(
  offered: Iterable<string>,
  supported: readonly string[],
): string | null {
  const wanted = new Set(offered);
  return supported.find((protocol) => wanted.has(protocol)) ?? null;
}

export function writeRefusal(socket: Duplex, refusal: Refusal): void {
  const body = `${JSON.stringify(refusal.body)}\n`;
  const retry =
    refusal.retryAfterSeconds === undefined ? '' : `Retry-After: ${refusal.retryAfterSeconds}\r\n`;
  socket.end(
    `HTTP/1.1 ${refusal.status} ${REASONS[refusal.status] ?? 'Error'}\r\n` +
      'Connection: close\r\nContent-Type: application/json\r\n' +
      `${retry}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function offeredBy(headers: IncomingMessage['headers']): string[] {
  return (headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());
}

function pathOf(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0] ?? '';
}
