// One HTTP request on a socket of its own, whose end is told apart: answered, closed, reset, or silent.

import http from 'node:http';

export type Ending =
  | { kind: 'answered'; status: number; headers: http.IncomingHttpHeaders; body: string }
  | { kind: 'broken'; code: string }
  | { kind: 'silent' };

type Asked = {
  method?: string;
  path: string;
  headers?: Record<string, string>;
  body?: string;
  patienceMs?: number;
};

export function rawRequest(base: string, asked: Asked): Promise<Ending> {
  return new Promise((resolve) => {
    const request = http.request(new URL(asked.path, base), {
      method: asked.method ?? 'GET',
      agent: false,
      headers: asked.headers ?? {},
    });
    const patience = setTimeout(() => {
      resolve({ kind: 'silent' });
      request.destroy();
    }, asked.patienceMs ?? 10_000);
    const end = (ending: Ending) => {
      clearTimeout(patience);
      resolve(ending);
    };
    request.on('error', (error: NodeJS.ErrnoException) =>
      end({ kind: 'broken', code: error.code ?? error.message }),
    );
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () =>
        end({
          kind: 'answered',
          status: response.statusCode ?? 0,
          headers: response.headers,
          body,
        }),
      );
    });
    request.end(asked.body);
  });
}

/** A form-encoded POST with Stripe's headers. */
export function stripePost(key: string, path: string, fields: Record<string, string>) {
  return {
    method: 'POST',
    path,
    headers: {
      authorization: 'Bearer sk_test_twin',
      'content-type': 'application/x-www-form-urlencoded',
      'idempotency-key': key,
    },
    body: new URLSearchParams(fields).toString(),
  };
}
