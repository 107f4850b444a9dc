// The closed table of error codes. Owns code, kind and title; does not own HTTP: kind becomes a
// status in platform/http/problem.ts and nowhere else. A code, once published, never changes meaning.

export const ERRORS = {
  invalid_request: { kind: 'invalid', title: 'The request is malformed' },
  invalid_json: { kind: 'invalid', title: 'The body is not valid JSON' },
  invalid_cursor: { kind: 'invalid', title: 'The cursor does not belong to this list' },
  idempotency_key_missing: { kind: 'invalid', title: 'An Idempotency-Key is required' },
  unknown_version: { kind: 'invalid', title: 'This Sallyport-Version does not exist' },
  validation_failed: { kind: 'unprocessable', title: 'Some fields are not acceptable' },
  idempotency_key_reused: {
    kind: 'unprocessable',
    title: 'This Idempotency-Key was used with another request',
  },
  card_number_refused: { kind: 'unprocessable', title: 'Card numbers are not accepted here' },
  consent_required: { kind: 'unprocessable', title: 'A recorded consent is required first' },
  unauthenticated: { kind: 'unauthenticated', title: 'No valid credential was presented' },
  signature_invalid: { kind: 'unauthenticated', title: 'The signature does not match' },
  forbidden: { kind: 'forbidden', title: 'This credential may not do that' },
  not_found: { kind: 'not_found', title: 'There is nothing here by that name' },
  method_not_allowed: { kind: 'method', title: 'This path does not answer that method' },
  conflict: { kind: 'conflict', title: 'The state of the resource does not allow this' },
  already_exists: { kind: 'conflict', title: 'A resource by that name exists already' },
  idempotency_key_in_use: {
    kind: 'conflict',
    title: 'A request with this Idempotency-Key is still running',
  },
  version_mismatch: { kind: 'precondition_failed', title: 'The resource has changed since' },
  version_required: { kind: 'precondition_required', title: 'An If-Match header is required' },
  body_too_large: { kind: 'too_large', title: 'The body is too large' },
  header_too_large: { kind: 'header_too_large', title: 'The headers are too large' },
  unsupported_media_type: { kind: 'unsupported', title: 'This content type is not accepted' },
  limit_exceeded: { kind: 'limited', title: 'A limit was reached' },
  draining: { kind: 'unavailable', title: 'This server is stopping' },
  unavailable: { kind: 'unavailable', title: 'The service cannot answer right now' },
  sealed: { kind: 'unavailable', title: 'The encryption keys are not available' },
  identification_stale: { kind: 'unavailable', title: 'The gallery is not up to date' },
  deadline_passed: { kind: 'unavailable', title: 'The deadline passed before an answer was ready' },
  internal: { kind: 'internal', title: 'Something failed on our side' },
} as const satisfies Record<string, { kind: ErrorKind; title: string }>;

export type ErrorKind =
  | 'invalid'
  | 'unprocessable'
  | 'unauthenticated'
  | 'forbidden'
  | 'not_found'
  | 'method'
  | 'conflict'
  | 'precondition_failed'
  | 'precondition_required'
  | 'too_large'
  | 'header_too_large'
  | 'unsupported'
  | 'limited'
  | 'unavailable'
  | 'internal';

export type ErrorCode = keyof typeof ERRORS;

/** One wrong field: a JSON Pointer, what was expected and what was found. */
export interface FieldProblem {
  pointer: string;
  code: string;
  detail: string;
}

export interface ErrorContext {
  /** For logs only; never sent to a caller. */
  privateDetail?: string;
  cause?: unknown;
  fields?: readonly FieldProblem[];
  retryAfterMs?: number;
  /** Dynamic values of the message, sent as fields beside the text (AIP-193). */
  data?: Readonly<Record<string, string | number | boolean | null>>;
}

/** The only error class that crosses a room's door. `message` is public: expected, found, how to mend. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly privateDetail: string | undefined;
  readonly fields: readonly FieldProblem[];
  readonly retryAfterMs: number | undefined;
  readonly data: Readonly<Record<string, string | number | boolean | null>>;

  constructor(code: ErrorCode, message: string, context: ErrorContext = {}) {
    super(message, context.cause === undefined ? undefined : { cause: context.cause });
    this.name = 'AppError';
    this.code = code;
    this.kind = ERRORS[code].kind;
    this.privateDetail = context.privateDetail;
    this.fields = context.fields ?? [];
    this.retryAfterMs = context.retryAfterMs;
    this.data = context.data ?? {};
  }
}

export function isAppError(error: unknown, code?: ErrorCode): error is AppError {
  return error instanceof AppError && (code === undefined || error.code === code);
}

/** The same words for a missing and for a foreign id (product rule 4). */
export function notFound(what: string, id: string): AppError {
  return new AppError('not_found', `There is no ${what} with the id ${id}.`);
}

/** Turns whatever was thrown into an Error, so that every catch can rely on one. */
export function toError(thrown: unknown): Error {
  if (thrown instanceof Error || isForeignError(thrown)) return thrown;
  return new Error(`A non-error was thrown: ${String(thrown)}`);
}

/** An error of another realm (a native addon's, another context's) is no instance of our Error. */
function isForeignError(thrown: unknown): thrown is Error {
  return typeof thrown === 'object' && thrown !== null && 'stack' in thrown && 'message' in thrown;
}
