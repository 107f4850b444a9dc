// The last step: calls the route's verb and sends what it returned. A read whose version the client has
// already is answered without its body.

import type { IncomingMessage } from 'node:http';
import { answerOf } from '../answer.ts';
import { readBytes, readLines } from '../body-bytes.ts';
import type { Answer } from '../idempotency.ts';
import type { Caller, RouteInput } from '../route.ts';
import { entryOf, type HttpContext, type HttpKit, type RequestState, type Step } from '../step.ts';
import type { HttpSettings } from '../settings.ts';

export function run({ settings }: HttpKit): Step {
  return {
    name: 'run',
    run: async (context) => {
      const entry = entryOf(context);
      const { state } = context;
      const result = await entry.route.run(inputOf(context, settings));
      // The caller is gone or was told that the deadline passed: there is nobody to answer.
      if (state.signal.aborted) return;
      sendAnswer(
        context,
        kept(state, result) ?? answerOf(entry, state, { settings, result }).shown,
      );
    },
  };
}

export function sendAnswer(context: HttpContext, answer: Answer): void {
  for (const [name, value] of Object.entries(answer.headers)) context.set(name, value);
  context.set('Cache-Control', 'no-store');
  if (isKnown(context, answer)) {
    context.status = 304;
    return;
  }
  context.status = answer.status;
  if (answer.status === 204) return;
  context.body = answer.body;
  context.set('Content-Type', 'application/json; charset=utf-8');
}

/** If-None-Match (RFC 9110 §13.1.2), on reads only. */
function isKnown({ method, req }: HttpContext, answer: Answer): boolean {
  const wanted = req.headers['if-none-match'];
  const etag = answer.headers['ETag'];
  if (wanted === undefined || etag === undefined || (method !== 'GET' && method !== 'HEAD'))
    return false;
  return wanted.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag);
}

/** On an idempotent request the answer was made in the transaction, from what that returned. */
function kept(state: RequestState, result: unknown): Answer | null {
  if (state.outcome === null) return null;
  const outcome = state.outcome();
  if (outcome === null) {
    throw new Error('Invariant broken: an idempotent route opened no transaction');
  }
  if (!Object.is(outcome.result, result)) {
    throw new Error(
      'Invariant broken: an idempotent route returned another value than its transaction',
    );
  }
  return outcome.answer;
}

type Input = RouteInput<Record<string, unknown>, Record<string, unknown>, Record<string, unknown>>;

function inputOf(context: HttpContext, settings: HttpSettings): Input {
  const { state, req } = context;
  return {
    caller: state.caller ?? NOBODY,
    get db() {
      if (state.db === null)
        throw new Error('Invariant broken: a public route asked for an organization');
      return state.db;
    },
    params: state.params,
    query: state.query,
    body: state.body as Record<string, unknown>,
    scope: state.scope,
    nodeId: state.nodeId,
    page: state.pageRequest,
    ifVersion: state.ifVersion,
    requestId: state.requestId,
    traceId: state.traceId,
    signal: state.signal,
    raw: {
      headers: headersOf(req),
      bytes: () => readBytes(req, settings.rawLimitBytes),
      stream: () =>
        readLines(req, {
          lineBytes: settings.importLineLimitBytes,
          totalBytes: settings.importBodyLimitBytes,
        }),
    },
  };
}

/** The caller of a public route: belongs nowhere and may do nothing. */
const NOBODY: Caller = {
  orgId: '',
  principalId: '',
  kind: 'system',
  credentialId: 'public',
  actions: new Set(),
  nodeIds: [],
  atRoot: false,
  apiVersion: '',
};

function headersOf(request: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
