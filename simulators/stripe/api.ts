// One API request from key to answer: who is asking, what is asked (refused before anything is done
// or stored), whether it was asked before, then the work, its events and its key in one transaction.

import type { TwinRequest, TwinReply } from '../twin/http.ts';
import { headerOf } from '../twin/http.ts';
import { atomically } from '../twin/database.ts';
import { type Answer, API_VERSION, type Call, type Work } from './call.ts';
import { errorBody, StripeError } from './errors.ts';
import { expand } from './expand.ts';
import { hashTree, parseForm, type Tree } from './form.ts';
import {
  type Fingerprint,
  KEY_MAX,
  type Stored,
  storeAnswer,
  storedAnswer,
} from './idempotency.ts';
import { Parameters } from './parameters.ts';
import { findRoute } from './routes.ts';

type Asking = { call: Call; secretKey: string | undefined; failWith: number | null };

export function answerApi(request: TwinRequest, asking: Asking): TwinReply {
  try {
    checkKey(request, asking.secretKey);
    const tree = readTree(request);
    const work = prepare(request, tree);
    const stored = perform(request, tree, { ...asking, work });
    const isReplay = stored.request_id !== request.id;
    const replayed = isReplay
      ? { 'idempotent-replayed': 'true', 'original-request': stored.request_id }
      : {};
    return reply(request, stored, replayed);
  } catch (error) {
    if (!(error instanceof StripeError)) throw error;
    return refusal(request, error);
  }
}

export function refusal(request: TwinRequest, error: StripeError): TwinReply {
  const body = text(errorBody(error, request.id));
  const auth: Record<string, string> =
    error.status === 401 ? { 'www-authenticate': 'Basic realm="Stripe"' } : {};
  return reply(request, { status: error.status, body, request_id: request.id }, auth);
}

export function idempotencyKeyOf(request: TwinRequest): string | null {
  // GET and DELETE are idempotent by themselves; Stripe takes no notice of a key on them.
  return request.method === 'POST' ? (headerOf(request, 'idempotency-key') ?? null) : null;
}

function checkKey(request: TwinRequest, secretKey: string | undefined): void {
  const header = headerOf(request, 'authorization') ?? '';
  const bearer = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
  const basic = /^Basic\s+(\S+)$/i.exec(header)?.[1];
  const key =
    bearer ??
    (basic === undefined ? undefined : Buffer.from(basic, 'base64').toString().split(':')[0]);
  if (key === undefined || key === '') {
    const message =
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').";
    throw new StripeError(401, message);
  }
  const isRight = secretKey === undefined ? key.startsWith('sk_test_') : key === secretKey;
  if (!isRight) throw new StripeError(401, `Invalid API Key provided: ${masked(key)}`);
  const idempotencyKey = idempotencyKeyOf(request);
  if (idempotencyKey !== null && (idempotencyKey === '' || idempotencyKey.length > KEY_MAX)) {
    const message = `Invalid Idempotency-Key: expected 1 to ${KEY_MAX} characters, found ${idempotencyKey.length}`;
    throw new StripeError(400, message, { type: 'idempotency_error' });
  }
}

function readTree(request: TwinRequest): Tree {
  const tree = parseForm(request.search);
  if (request.body.length === 0) return tree;
  const type = headerOf(request, 'content-type') ?? '';
  if (!type.startsWith('application/x-www-form-urlencoded')) {
    const message = `Invalid request (check that your POST content type is application/x-www-form-urlencoded, found "${type}").`;
    throw new StripeError(400, message);
  }
  return parseForm(request.body.toString('utf8'), tree);
}

/** Everything that can be refused without looking at state. */
function prepare(request: TwinRequest, tree: Tree): Work {
  const route = findRoute(request.method, request.path);
  if (route === null) {
    const message = `Unrecognized request URL (${request.method}: ${request.path}). If you are trying to list objects, remove the trailing slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code.`;
    throw new StripeError(404, message);
  }
  const version = headerOf(request, 'stripe-version') ?? API_VERSION;
  const p = new Parameters(tree, version.slice(0, 10));
  const paths = p.list('expand');
  const work = route.parse(p);
  p.finish();
  return (call) => {
    const answer = work(call);
    const isGood = answer.status < 400 && paths.length > 0;
    return isGood ? { ...answer, body: expand(call, answer.body, paths) } : answer;
  };
}

function perform(
  request: TwinRequest,
  tree: Tree,
  { call, work, failWith }: Asking & { work: Work },
): Stored {
  const key = idempotencyKeyOf(request);
  const print: Fingerprint | null =
    key === null
      ? null
      : { key, method: request.method, path: request.path, parametersHash: hashTree(tree) };
  return atomically(call.db, () => {
    const known = print === null ? null : storedAnswer(call, print);
    if (known !== null) return known;
    const answer = attempt(call, work);
    const told = failWith === null ? answer : brokenAnswer(failWith, request.id);
    const stored = { status: told.status, body: text(told.body), request_id: request.id };
    if (print !== null) storeAnswer(call, print, stored);
    return stored;
  });
}

/** A refusal undoes what was written so far, and is still the answer kept under the key. */
function attempt(call: Call, work: Work): Answer {
  try {
    return atomically(call.db, () => work(call));
  } catch (error) {
    if (!(error instanceof StripeError)) throw error;
    return { status: error.status, body: errorBody(error, call.requestId) };
  }
}

function brokenAnswer(status: number, requestId: string): Answer {
  const message = `An unknown error occurred (request-id: ${requestId}). Please contact us if you need any help.`;
  return {
    status,
    body: errorBody(new StripeError(status, message, { type: 'api_error' }), requestId),
  };
}

function reply(request: TwinRequest, answer: Stored, extra: Record<string, string>): TwinReply {
  const key = idempotencyKeyOf(request);
  const shouldRetry = answer.status === 409 ? 'true' : 'false';
  return {
    status: answer.status,
    body: answer.body,
    headers: {
      'content-type': 'application/json',
      'cache-control': 'no-cache, no-store',
      'request-id': request.id,
      'stripe-version': headerOf(request, 'stripe-version') ?? API_VERSION,
      ...(answer.status < 400 ? {} : { 'stripe-should-retry': shouldRetry }),
      ...(key === null ? {} : { 'idempotency-key': key }),
      ...extra,
    },
  };
}

function text(body: unknown): string {
  return `${JSON.stringify(body, null, 2)}\n`;
}

function masked(key: string): string {
  return key.length < 12
    ? '****'
    : `${key.slice(0, 8)}${'*'.repeat(key.length - 12)}${key.slice(-4)}`;
}
