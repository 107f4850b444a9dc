// Errors → RFC 9457 problem documents. The only file that knows which HTTP status a kind of error has.

import { AppError, ERRORS, type ErrorKind } from '../../shared/errors.ts';

export const STATUS_OF_KIND: Readonly<Record<ErrorKind, number>> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method: 405,
  conflict: 409,
  precondition_failed: 412,
  too_large: 413,
  unsupported: 415,
  unprocessable: 422,
  precondition_required: 428,
  limited: 429,
  header_too_large: 431,
  internal: 500,
  unavailable: 503,
};

/** Asking again without changing anything may help. */
const RETRYABLE_KINDS: ReadonlySet<ErrorKind> = new Set(['limited', 'unavailable']);

export const PROBLEM_TYPE = 'application/problem+json; charset=utf-8';

export interface ProblemFacts {
  requestId: string;
  commit: string;
  /** The path that was asked for, without its query. */
  instance: string;
}

export interface Problem {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: Readonly<Record<string, unknown>>;
}

export function toProblem(error: AppError, facts: ProblemFacts): Problem {
  const status = STATUS_OF_KIND[error.kind];
  const retryable = RETRYABLE_KINDS.has(error.kind) || error.code === 'idempotency_key_in_use';
  return {
    status,
    headers: headersOf(error, retryable),
    body: {
      type: `/docs/errors/${error.code}`,
      title: ERRORS[error.code].title,
      status,
      detail: error.message,
      instance: facts.instance,
      code: error.code,
      request_id: facts.requestId,
      retryable,
      commit: facts.commit,
      ...(error.fields.length === 0 ? {} : { errors: error.fields }),
      ...(Object.keys(error.data).length === 0 ? {} : { data: error.data }),
    },
  };
}

function headersOf(error: AppError, retryable: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  if (retryable) {
    // Whole seconds (RFC 9110 §10.2.3), never zero: a client that obeys must not spin.
    const seconds = Math.max(1, Math.ceil((error.retryAfterMs ?? 1_000) / 1_000));
    headers['Retry-After'] = String(seconds);
  }
  // RFC 9110 §11.6.1: a 401 says how to authenticate.
  if (error.kind === 'unauthenticated') headers['WWW-Authenticate'] = 'Bearer realm="sallyport"';
  // The rest of a body that is too large is not worth reading to keep the connection.
  if (error.kind === 'too_large') headers['Connection'] = 'close';
  return headers;
}

/** What the caller may know of an error that is none of ours: nothing. */
export function internalProblem(cause: unknown): AppError {
  return new AppError(
    'internal',
    'The request could not be completed because of a fault on our side. ' +
      'The request_id finds it in the log; a request with an Idempotency-Key may be repeated.',
    { cause },
  );
}
