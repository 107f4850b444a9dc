// From what happened on the wire to what a handler is told. Only an exchange that was still connecting
// proves that nothing was executed; everything else without an answer is unknown.

import type { Exchange, HttpResponse } from '../outside/http-exchange.ts';
import type { Sent } from './handler.ts';

export function sentOf(exchange: Exchange): Sent<HttpResponse> {
  if (exchange.kind === 'answered') {
    return { kind: 'answered', answer: exchange.response, status: exchange.response.status };
  }
  const reason = `${exchange.phase}: ${describe(exchange.error)}`;
  return exchange.phase === 'connecting'
    ? { kind: 'not_sent', reason }
    : { kind: 'unknown', reason };
}

function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code} ` : '';
  return `${code}${error.message}`.slice(0, 300);
}
