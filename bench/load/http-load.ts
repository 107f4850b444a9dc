// The HTTP client of every measure, ours and peers' alike: undici with one connection per caller, each
// asking again as soon as it was answered.

import { randomUUID } from 'node:crypto';
import { Pool } from 'undici';

export interface Ask {
  path: string;
  body: string | Buffer;
  headers: Readonly<Record<string, string>>;
}

export interface HttpLoad {
  /** Answers per second. */
  during(seconds: number, next: () => Ask): Promise<number>;
  /** Exactly so many. */
  times(count: number, next: () => Ask): Promise<void>;
  /** One after another; milliseconds of each. */
  each(count: number, next: () => Ask): Promise<number[]>;
  close(): Promise<void>;
}

export function createHttpLoad(origin: string, callers: number): HttpLoad {
  const pool = new Pool(origin, { connections: callers, pipelining: 1 });
  const call = async ({ path, body, headers }: Ask): Promise<void> => {
    const answer = await pool.request({ method: 'POST', path, body, headers });
    const text = await answer.body.text();
    if (answer.statusCode >= 300)
      throw new Error(`POST ${origin}${path}: ${answer.statusCode} ${text}`);
  };
  const together = async (goesOn: () => boolean, next: () => Ask): Promise<number> => {
    let answered = 0;
    const caller = async (): Promise<void> => {
      while (goesOn()) {
        await call(next());
        answered += 1;
      }
    };
    await Promise.all(Array.from({ length: callers }, caller));
    return answered;
  };
  return {
    during: async (seconds, next) => {
      const from = performance.now();
      const answered = await together(() => performance.now() - from < seconds * 1_000, next);
      return (answered * 1_000) / (performance.now() - from);
    },
    times: async (count, next) => {
      let left = count;
      await together(() => (left -= 1) >= 0, next);
    },
    each: async (count, next) => {
      const tookMs: number[] = [];
      for (let turn = 0; turn < count; turn += 1) {
        const from = performance.now();
        await call(next());
        tookMs.push(performance.now() - from);
      }
      return tookMs;
    },
    close: () => pool.close(),
  };
}

export function jsonAsk(path: string, apiKey: string, body: unknown): Ask {
  return {
    path,
    body: JSON.stringify(body),
    headers: {
      authorization: `Bearer ${apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': randomUUID(),
    },
  };
}
