// What Node could not read as a request never reaches a step. It still gets a problem document, an id and
// a line in the log, and its connection is closed.

import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { AppError } from '../../shared/errors.ts';
import type { Deps } from '../deps.ts';
import { PROBLEM_TYPE, toProblem } from './problem.ts';
import type { HttpSettings } from './settings.ts';

/** As Node hands it to `clientError`. */
export type UnreadableError = Error & { code?: string; rawPacket?: Buffer };

export function refuseUnreadable(
  { ids, log }: Pick<Deps, 'ids' | 'log'>,
  settings: Pick<HttpSettings, 'headerLimitBytes' | 'build'>,
): (error: UnreadableError, socket: Socket) => void {
  return (error, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    const refusal = refusalOf(error, settings.headerLimitBytes);
    const requestId = ids.make('request');
    const { status, headers, body } = toProblem(refusal, {
      requestId,
      commit: settings.build.commit,
      instance: pathOf(error.rawPacket),
    });
    log.info({ status, request_id: requestId, reason: error.code }, 'unreadable request');
    const text = JSON.stringify(body);
    const lines = {
      'Content-Type': PROBLEM_TYPE,
      'Content-Length': String(Buffer.byteLength(text)),
      'Request-Id': requestId,
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      ...headers,
      Connection: 'close',
    };
    const head = Object.entries(lines).map(([name, value]) => `${name}: ${value}`);
    const first = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`;
    socket.end(`${[first, ...head].join('\r\n')}\r\n\r\n${text}`);
  };
}

function refusalOf({ code }: UnreadableError, headerLimitBytes: number): AppError {
  if (code === 'HPE_HEADER_OVERFLOW') {
    const text = `Expected headers of at most ${headerLimitBytes} bytes in all, found more.`;
    return new AppError('header_too_large', text);
  }
  const text = 'Expected an HTTP/1.1 request, found something unreadable.';
  return new AppError('invalid_request', text);
}

/** Where the request line is still at hand; `*` names no resource (RFC 9112 §3.2.4). */
function pathOf(packet: Buffer | undefined): string {
  const line = packet?.subarray(0, REQUEST_LINE_BYTES).toString('latin1') ?? '';
  return /^[A-Z]{1,16} (\/[!-~]*?)(\?[!-~]*)? HTTP\/1\.[01]\r\n/.exec(line)?.[1] ?? '*';
}

/** Enough for any path of ours. */
const REQUEST_LINE_BYTES = 2_048;
