// The listener the appliance talks to. A request passes the line (WAN), then the fault rules, then
// the provider's own code, which has committed when it returns; only then may a reply be sent.

import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Faults, RequestFault } from './faults.ts';
import { BodyTooLarge, readBody, sendReply, type TwinReply, type TwinRequest } from './http.ts';
import { randomId } from './ids.ts';
import type { Log } from './log.ts';
import type { Wan } from './wan.ts';

const KEEP_ALIVE_MS = 75_000;

export type TwinApi = {
  /** Marks a request as under way: gives its refusal, or how to release it. */
  claim(request: TwinRequest): TwinReply | (() => void);
  /** Does the work and commits it. `failWith` is the status told (and stored) instead of success. */
  handle(request: TwinRequest, failWith: number | null): TwinReply;
};

type Parts = { api: TwinApi; wan: Wan; faults: Faults; log: Log; bodyMaxBytes: number };

export function createApiServer(parts: Parts): http.Server {
  const server = http.createServer((message, response) => {
    serve(parts, message, response).catch((error: unknown) => {
      parts.log('request.broken', { path: message.url, error: String(error) });
      message.socket.destroy();
    });
  });
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.on('connection', (socket) => parts.wan.admit(socket));
  return server;
}

async function serve(parts: Parts, message: IncomingMessage, response: ServerResponse) {
  const { wan, faults, log } = parts;
  const { socket } = message;
  const request = await receive(parts, message, response);
  if (request === null || !wan.carries(socket)) return;

  const fault = faults.takeForRequest(request.method, request.path);
  if (fault !== null) log('fault.fired', { id: fault.id, kind: fault.kind, path: request.path });
  if (fault !== null && preventsWork(fault)) {
    if (fault.kind === 'status' && wan.carries(socket))
      sendReply(response, gatewayReply(fault.status));
    if (fault.kind === 'lost_request') socket.destroy();
    if (fault.kind === 'reset') socket.resetAndDestroy();
    if (fault.then === 'cut') wan.cut(fault.mode);
    return;
  }

  const reply = await work(parts, request, fault);
  log('request', {
    id: request.id,
    method: request.method,
    path: request.path,
    status: reply.status,
  });
  if (fault?.kind === 'lost_reply') socket.destroy();
  else if (fault?.kind === 'hang_reply') wan.hold(socket);
  else if (wan.carries(socket)) sendReply(response, reply);
  if (fault?.then === 'cut') wan.cut(fault.mode);
}

async function receive(parts: Parts, message: IncomingMessage, response: ServerResponse) {
  const url = message.url ?? '/';
  const cut = url.indexOf('?');
  try {
    return {
      id: randomId('req_', 14),
      method: message.method ?? 'GET',
      path: cut === -1 ? url : url.slice(0, cut),
      search: cut === -1 ? '' : url.slice(cut + 1),
      headers: message.headers,
      body: await readBody(message, parts.bodyMaxBytes),
      remoteAddress: message.socket.remoteAddress ?? '',
    };
  } catch (error) {
    if (!(error instanceof BodyTooLarge) || !parts.wan.carries(message.socket)) return null;
    sendReply(response, gatewayReply(413));
    message.socket.destroySoon();
    return null;
  }
}

/** A delayed request keeps its claim: it arrived, and will be done even if its client gives up. */
async function work({ api }: Parts, request: TwinRequest, fault: RequestFault | null) {
  const claim = api.claim(request);
  if (typeof claim !== 'function') return claim;
  try {
    if (fault?.kind === 'delay') await wait(fault.delay_ms ?? 0);
    return api.handle(request, fault?.kind === 'status_after' ? fault.status : null);
  } finally {
    claim();
  }
}

function preventsWork(fault: RequestFault): boolean {
  return fault.kind === 'lost_request' || fault.kind === 'reset' || fault.kind === 'status';
}

/** What stands in front of a provider answers in HTML, without any of the provider's headers. */
function gatewayReply(status: number): TwinReply {
  const title = `${status} ${http.STATUS_CODES[status] ?? 'Error'}`;
  const body = `<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`;
  return { status, headers: { 'content-type': 'text/html' }, body };
}

function wait(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
