// The outbox handler that makes a session at Veriff. Veriff knows no idempotency key and cannot be asked
// by our reference, so a request that may have arrived is never sent again: the session ends as `failed`
// with transport `unknown`, and is taken up after all when the provider's own webhook names it.

import type { Tx } from '../../platform/database/database.ts';
import {
  handler,
  type Message,
  type OutboxHandler,
  type Prepared,
  type Sent,
  sentOf,
  type Settled,
} from '../../platform/outbox/index.ts';
import type { HttpResponse } from '../../platform/outside/http-exchange.ts';
import type { KycSession } from './kyc-session.ts';
import { buildCreate, buildSessionBody, isSigned, parseCreated } from './providers/veriff.ts';
import { PROVIDER, type Room } from './room.ts';
import { lockSession, saveSession } from './store.ts';
import { tellSession } from './tell-session.ts';

const ACTOR = { kind: 'provider', id: PROVIDER };

interface CreateRequest {
  sessionId: string;
  body: string;
}

export function createHandler(room: Room): OutboxHandler<never, never> {
  return handler<CreateRequest, HttpResponse>({
    prepare: (tx, message) => prepareCreate(room, tx, message),
    send: async ({ body }, signal) =>
      sentOf(await room.client.exchange(buildCreate(room.veriff, body), signal)),
    settle: (tx, message, { request, sent }) => settleCreate(room, tx, { message, request, sent }),
  });
}

async function prepareCreate(
  room: Room,
  tx: Tx,
  message: Message,
): Promise<Prepared<CreateRequest>> {
  const { kyc_session_id: id } = message.body as { kyc_session_id: string };
  const session = await lockSession(tx, id);
  if (session === null) return { kind: 'nothing', reason: 'there is no such session' };
  if (session.status !== 'queued') return { kind: 'nothing', reason: `it is ${session.status}` };
  if (session.firstSentAt !== null) {
    // A crash between sending and settling: it may have arrived.
    await giveUp(room, tx, { session, reason: 'sent before a crash', transport: 'unknown' });
    return { kind: 'nothing', reason: 'it may have been made; it is not sent again' };
  }
  const body = session.request ?? buildSessionBody(session.id);
  await saveSession(tx, { ...session, request: body, firstSentAt: room.deps.world.clock.now() });
  return { kind: 'send', request: { sessionId: id, body } };
}

async function settleCreate(
  room: Room,
  tx: Tx,
  of: { message: Message; request: CreateRequest; sent: Sent<HttpResponse> },
): Promise<Settled> {
  const { sent, message } = of;
  const session = await lockSession(tx, of.request.sessionId);
  if (session === null || session.status !== 'queued') return { kind: 'done' };
  if (sent.kind === 'not_sent') return postpone(tx, session, sent.reason);
  if (sent.kind === 'unknown') {
    await giveUp(room, tx, { session, reason: sent.reason, transport: 'unknown' });
    return { kind: 'dead', reason: `not known whether the session was made: ${sent.reason}` };
  }
  const { status } = sent.answer;
  if (status === 429) return postpone(tx, session, `Veriff answered ${status}`);
  if (status >= 500) {
    await giveUp(room, tx, { session, reason: `answered ${status}`, transport: 'unknown' });
    return { kind: 'dead', reason: `Veriff answered ${status}; the session may have been made` };
  }
  if (status < 300 && !isSigned(room.veriff, sent.answer)) {
    const reason = 'the answer carries no valid x-hmac-signature';
    await giveUp(room, tx, { session, reason, transport: 'unknown' });
    return { kind: 'dead', reason };
  }
  const created = parseCreated(sent.answer);
  if (status >= 400 || !created.ok) {
    const reason = created.ok ? `Veriff answered ${status}` : created.why;
    await giveUp(room, tx, { session, reason, transport: 'ok' });
    return { kind: 'dead', reason };
  }
  const { providerRef, url } = created;
  const made: KycSession = {
    ...session,
    status: 'session_created',
    transport: 'ok',
    providerRef,
    url,
  };
  const type = 'kyc_session.opened';
  await tellSession(room, tx, {
    session: await saveSession(tx, made),
    type,
    actor: ACTOR,
    traceId: message.traceId,
  });
  return { kind: 'done' };
}

/** Proven not heard: the same bytes may go again. */
async function postpone(tx: Tx, session: KycSession, reason: string): Promise<Settled> {
  await saveSession(tx, { ...session, firstSentAt: null, transport: 'unavailable' });
  return { kind: 'retry', reason };
}

async function giveUp(
  room: Room,
  tx: Tx,
  of: { session: KycSession; reason: string; transport: KycSession['transport'] },
): Promise<void> {
  const { session, reason, transport } = of;
  const failed = await saveSession(tx, { ...session, status: 'failed', transport, reason });
  room.deps.log.error({ kyc_session: session.id, reason }, 'a KYC session was not made');
  const data = { reason, transport };
  await tellSession(room, tx, { session: failed, type: 'kyc_session.failed', actor: ACTOR, data });
}
