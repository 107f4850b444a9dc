// Stripe's errors: their JSON shape and the ones several endpoints share. Throwing one undoes
// whatever its operation had written; a decline, which is a fact to keep, is answered instead.

export type ErrorType = 'invalid_request_error' | 'card_error' | 'idempotency_error' | 'api_error';

type Detail = { type?: ErrorType; code?: string; param?: string } & Record<string, unknown>;

export class StripeError extends Error {
  readonly status: number;
  readonly detail: Detail;

  constructor(status: number, message: string, detail: Detail = {}) {
    super(message);
    this.status = status;
    this.detail = detail;
  }
}

export function errorBody(error: StripeError, requestId: string | null): Record<string, unknown> {
  const { type = 'invalid_request_error', code, ...rest } = error.detail;
  const docs =
    code === undefined
      ? {}
      : { code, doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` };
  const log =
    requestId === null
      ? {}
      : { request_log_url: `https://dashboard.stripe.com/test/logs/${requestId}` };
  return { error: { ...docs, message: error.message, ...rest, ...log, type } };
}

export function badParam(param: string, message: string, code?: string): StripeError {
  return new StripeError(400, message, code === undefined ? { param } : { param, code });
}

export function missing(kind: string, id: string, param: string): StripeError {
  const message = `No such ${kind}: '${id}'`;
  return new StripeError(param === 'id' ? 404 : 400, message, { code: 'resource_missing', param });
}
