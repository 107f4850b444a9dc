// One line and one measurement per request. Labels and lines carry the route's pattern, never its path;
// no header, query or body is ever logged.

import type { Histogram } from 'prom-client';
import type { HttpContext, HttpKit, Step } from '../step.ts';

export function observe({ deps: { log, world } }: HttpKit, duration: Histogram | null): Step {
  return {
    name: 'observe',
    run: async (context, next) => {
      const startedAt = world.monotonic();
      await next();
      const ms = world.monotonic() - startedAt;
      const { method, status, state } = context;
      duration?.observe({ method, route: state.pattern, status: String(status) }, ms / 1_000);
      if (state.page?.logged === false && status < 500) return;
      log.info(lineOf(context, ms), 'request');
    },
  };
}

function lineOf({ method, status, state }: HttpContext, ms: number): object {
  return {
    method,
    route: state.pattern,
    status,
    ms: Math.round(ms * 10) / 10,
    request_id: state.requestId,
    trace_id: state.traceId,
    ...(state.clientRequestId === null ? {} : { client_request_id: state.clientRequestId }),
    ...(state.caller === null
      ? {}
      : { org_id: state.caller.orgId, credential_id: state.caller.credentialId }),
  };
}
