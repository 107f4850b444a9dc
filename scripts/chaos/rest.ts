// The API as a stubborn integrator uses it: the same request under the same idempotency key until there is
// an answer, whoever dies in between. Gives up only when told that the rehearsal is over.

import { randomUUID } from 'node:crypto';
import { sleep } from './wait.ts';

export interface RestAnswer {
  status: number;
  body: Record<string, unknown>;
}

export interface Rest {
  get(path: string): Promise<RestAnswer>;
  /** Null when it was given up without an answer. */
  post(path: string, body: unknown): Promise<RestAnswer | null>;
}

const AGAIN_MS = 200;
const ANSWER_MS = 10_000;
/** What may be answered differently a moment later: in use, overloaded, stopping. */
const TRANSIENT = new Set([409, 429, 500, 502, 503, 504]);
const TRIES_MAX = 100;

export function createRest(api: string, apiKey: string, isOver: () => boolean): Rest {
  const call = async (path: string, init: RequestInit): Promise<RestAnswer> => {
    const response = await fetch(`${api}${path}`, {
      signal: AbortSignal.timeout(ANSWER_MS),
      ...init,
      headers: { authorization: `Bearer ${apiKey}`, ...(init.headers as Record<string, string>) },
    });
    const text = await response.text();
    return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as never) };
  };
  return {
    get: (path) => call(path, {}),
    post: async (path, body) => {
      const init = {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', 'idempotency-key': randomUUID() },
      };
      let last: RestAnswer | null = null;
      for (let tries = 0; tries < TRIES_MAX && !isOver(); tries += 1) {
        // A server that dies under the request is what this is about.
        last = await call(path, init).catch(() => null);
        if (last !== null && !TRANSIENT.has(last.status)) return last;
        await sleep(AGAIN_MS);
      }
      return last;
    },
  };
}
