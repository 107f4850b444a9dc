// Veriff's API: who asks and whether they signed it, then one operation. There are no idempotency
// keys: every POST of a session is one more session.

import { createHash, randomUUID } from 'node:crypto';
import { all, atomically, insert } from '../twin/database.ts';
import { headerOf, matchPath, type TwinReply, type TwinRequest } from '../twin/http.ts';
import { iso } from './decisions.ts';
import { failBody, VeriffError } from './errors.ts';
import { readMedia, readSession, readStatus } from './input.ts';
import type { SessionRow } from './rows.ts';
import {
  attemptsOf,
  type Call,
  deleteSession,
  findSession,
  insertSession,
  standingDecision,
  submitSession,
  urlOf,
} from './sessions.ts';
import { isSignedBy, signedHeaders } from './signature.ts';

export type Credentials = { apiKey: string; sharedSecret: string };
type Body = Record<string, unknown>;
type Answer = { status: number; body: Body };
type Operation = (call: Call, id: string, body: unknown) => Answer;

const ok = (body: Body): Answer => ({ status: 200, body: { status: 'success', ...body } });

const ROUTES: readonly (readonly [string, string, Operation])[] = [
  ['POST', '/v1/sessions', createSession],
  ['PATCH', '/v1/sessions/:id', patchSession],
  ['DELETE', '/v1/sessions/:id', removeSession],
  ['GET', '/v1/sessions/:id/decision', readDecision],
  ['GET', '/v1/sessions/:id/attempts', listAttempts],
  ['POST', '/v1/sessions/:id/media', addMedia],
  ['GET', '/v1/sessions/:id/media', listMedia],
];

export function answerApi(request: TwinRequest, call: Call, credentials: Credentials): TwinReply {
  try {
    checkKey(request, credentials);
    const { operation, id } = findOperation(request);
    checkSignature(request, id, credentials);
    const body = parseBody(request);
    const answer = atomically(call.db, () => operation(call, id, body));
    return signedReply(answer.status, answer.body, credentials);
  } catch (error) {
    if (!(error instanceof VeriffError)) throw error;
    return signedReply(error.status, failBody(error.code, error.message), credentials);
  }
}

export function signedReply(status: number, value: Body, credentials: Credentials): TwinReply {
  const body = JSON.stringify(value);
  return {
    status,
    body,
    headers: signedHeaders(credentials.apiKey, credentials.sharedSecret, body),
  };
}

function createSession(call: Call, _id: string, body: unknown): Answer {
  const session = insertSession(call, readSession(body));
  const verification = {
    id: session.id,
    url: urlOf(call, session),
    vendorData: session.vendor_data,
    host: call.baseUrl,
    status: session.status,
    sessionToken: session.token,
  };
  return { status: 201, body: { status: 'success', verification } };
}

function patchSession(call: Call, id: string, body: unknown): Answer {
  const status = readStatus(body);
  const session = findSession(call, id);
  if (status !== 'submitted') throw new VeriffError(400, 1303, `Invalid status: "${status}"`);
  if (session.status !== 'created' && session.status !== 'started') {
    throw new VeriffError(
      400,
      1304,
      `Cannot transition to "submitted" status from "${session.status}"`,
    );
  }
  submitSession(call, session);
  return ok({ verification: presentSession(call, findSession(call, id)) });
}

function removeSession(call: Call, id: string): Answer {
  deleteSession(call, findSession(call, id));
  return ok({ verification: { id } });
}

function readDecision(call: Call, id: string): Answer {
  return ok({ verification: standingDecision(call, findSession(call, id)) });
}

function listAttempts(call: Call, id: string): Answer {
  findSession(call, id);
  const verifications = attemptsOf(call, id).map((attempt) => ({
    id: attempt.id,
    status: attempt.status,
    createdTime: iso(attempt.created_ms),
  }));
  return ok({ verifications });
}

function addMedia(call: Call, id: string, body: unknown): Answer {
  const media = readMedia(body);
  const session = findSession(call, id);
  if (session.status !== 'created' && session.status !== 'started') {
    throw new VeriffError(409, 1304, `Media cannot be added in status "${session.status}"`);
  }
  const row = {
    id: randomUUID(),
    session: id,
    created_ms: call.nowMs,
    context: media.context,
    bytes: media.bytes.length,
    sha256: createHash('sha256').update(media.bytes).digest('hex'),
  };
  insert(call.db, 'media', row);
  return ok({ image: presentImage(row, session) });
}

type MediaRow = { id: string; session: string; created_ms: number; context: string; bytes: number };

function listMedia(call: Call, id: string): Answer {
  const session = findSession(call, id);
  const sql = 'select * from media where session = ? order by rowid';
  const images = all<MediaRow>(call.db, sql, id).map((row) => presentImage(row, session));
  return ok({ images, videos: [] });
}

function presentImage(row: MediaRow, session: SessionRow): Body {
  return {
    id: row.id,
    sessionId: session.id,
    context: row.context,
    name: row.context,
    size: row.bytes,
    timestamp: iso(row.created_ms),
  };
}

function presentSession(call: Call, session: SessionRow): Body {
  return {
    id: session.id,
    url: urlOf(call, session),
    status: session.status,
    vendorData: session.vendor_data,
  };
}

function findOperation(request: TwinRequest): { operation: Operation; id: string } {
  for (const [method, pattern, operation] of ROUTES) {
    const found = method === request.method ? matchPath(pattern, request.path) : null;
    if (found !== null) return { operation, id: found['id'] ?? '' };
  }
  throw new VeriffError(404, 1104, `There is no ${request.method} ${request.path}`);
}

function checkKey(request: TwinRequest, { apiKey }: Credentials): void {
  const key = headerOf(request, 'x-auth-client') ?? headerOf(request, 'vrf-auth-client');
  if (key === undefined) {
    const message =
      'Mandatory X-AUTH-CLIENT header containing the API key is missing from the request';
    throw new VeriffError(401, 1801, message);
  }
  if (key !== apiKey)
    throw new VeriffError(401, 1803, 'Integration with the API key was not found');
}

/** POST and PATCH sign the body, GET and DELETE the session id; making a session needs no signature. */
function checkSignature(request: TwinRequest, id: string, { sharedSecret }: Credentials): void {
  const hasBody = request.method === 'POST' || request.method === 'PATCH';
  const found = headerOf(request, 'x-hmac-signature') ?? headerOf(request, 'vrf-hmac-signature');
  if (found === undefined && request.path === '/v1/sessions') return;
  const isRight =
    found !== undefined && isSignedBy(sharedSecret, hasBody ? request.body : id, found);
  if (isRight) return;
  const over = hasBody ? 'request body' : 'query ID';
  const message = `Signature does not match the HMAC-SHA256 of ${over} and integration API secret`;
  throw new VeriffError(401, hasBody ? 1819 : 1818, message);
}

function parseBody(request: TwinRequest): unknown {
  if (request.method === 'GET' || request.method === 'DELETE') return null;
  try {
    return JSON.parse(request.body.toString('utf8'));
  } catch {
    // Translated: what was wrong with the JSON is the caller's to find.
    throw new VeriffError(400, 1102, 'The request body is not JSON');
  }
}
