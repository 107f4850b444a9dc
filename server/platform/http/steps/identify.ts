// Every request gets our own id and a trace; both are on the answer, whatever happens next.

import type { HttpKit, RequestState, Step } from '../step.ts';
import { traceIdFrom, traceparent } from '../trace.ts';

const CLIENT_ID_LENGTH_MAX = 100;

export function identify({ deps: { ids, world } }: HttpKit): Step {
  return {
    name: 'identify',
    run: async (context, next) => {
      const state = freshState(ids.make('request'));
      state.traceId = traceIdFrom(context.get('traceparent') || undefined, world.random);
      state.clientRequestId = context.get('x-request-id').slice(0, CLIENT_ID_LENGTH_MAX) || null;
      context.state = state;
      context.set('Request-Id', state.requestId);
      context.set('traceparent', traceparent(state.traceId, world.random));
      context.set('X-Content-Type-Options', 'nosniff');
      await next();
    },
  };
}

function freshState(requestId: string): RequestState {
  return {
    requestId,
    traceId: '',
    clientRequestId: null,
    pattern: 'unmatched',
    entry: null,
    page: null,
    pathParams: {},
    caller: null,
    version: '',
    signal: new AbortController().signal,
    bytes: null,
    json: undefined,
    params: {},
    query: {},
    body: undefined,
    scope: { allow: '[]', deny: '[]' },
    nodeId: null,
    pageRequest: { limit: 0, after: null },
    cursorBinding: null,
    ifVersion: null,
    db: null,
    outcome: null,
  };
}
