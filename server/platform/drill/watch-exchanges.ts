// Puts the fault points of an exchange in place. That a request is written is told by undici's own
// diagnostics channel: bytes on a socket are not seen from outside the client. Reading requests (polls,
// look-ups) change nothing outside and are not watched.

import { subscribe } from 'node:diagnostics_channel';
import type { HttpClient } from '../outside/http-exchange.ts';
import type { FaultPoints } from './fault-points.ts';

/** Once per process. */
export function watchRequests(points: FaultPoints): void {
  subscribe('undici:request:bodySent', (message) => {
    const { method, path } = (message as { request: { method: string; path: string } }).request;
    if (method !== 'GET') points.reached('request_written', [`${method} ${path}`]);
  });
}

export function watchReplies(client: HttpClient, points: FaultPoints): HttpClient {
  return {
    ...client,
    exchange: async (request, signal) => {
      const exchange = await client.exchange(request, signal);
      if (request.method !== 'GET' && exchange.kind === 'answered') {
        points.reached('reply_read', [`${request.method} ${request.path}`]);
      }
      return exchange;
    },
  };
}
