// A webhook or a poll is a hint: the decision is fetched, its signature checked, and only then applied.
// While there is none, hints move a session from created to started to submitted, which decides nothing.

import type { Tx } from '../../platform/database/database.ts';
import { markInboxEvent } from '../../platform/inbox/index.ts';
import {
  handler,
  type Message,
  type OutboxHandler,
  type Prepared,
  type Sent,
  type Settled,
} from '../../platform/outbox/handler.ts';
import { sentOf } from '../../platform/outbox/sent.ts';
import type { HttpRequest, HttpResponse } from '../../platform/outside/http-exchange.ts';
import { DAY_MS } from '../../shared/instant.ts';
import { isNews, isUndecided, type KycSession, progressOf, withDecision } from './kyc-session.ts';
import {
  codeDisagrees,
  type FetchedDecision,
  fetchDecision,
  parseDecision,
  signVeriff,
} from './providers/veriff.ts';
import { enqueuePoll, type KycRoom, type RefetchBody, tellSession, VENDOR } from './room.ts';
import { veriffHealth } from './session-handler.ts';
import { lockSession, lockSessionByRef, saveSession } from './store.ts';

export function refetchHandler(room: KycRoom): OutboxHandler<never, never> {
  return handler<HttpRequest, HttpResponse>({
    prepare: (tx, message) => prepareFetch(room, tx, message),
    send: async (request, signal) =>
      sentOf(await room.client.exchange(signVeriff(room.veriff, request), signal)),
    settle: (tx, message, { sent }) => settleFetch(room, tx, { message, sent }),
    healthOf: veriffHealth,
  });
}

const bodyOf = (message: Message): RefetchBody => message.body as RefetchBody;

async function prepareFetch(
  room: KycRoom,
  tx: Tx,
  message: Message,
): Promise<Prepared<HttpRequest>> {
  const { object_ref: objectRef, type } = bodyOf(message);
  if (objectRef === null) {
    await mark(room, tx, message, 'ignored');
    return { kind: 'nothing', reason: 'it names no session' };
  }
  if (type === 'poll') {
    const session = await lockSessionByRef(tx, objectRef);
    if (session === null || !isUndecided(session.status))
      return { kind: 'nothing', reason: 'there is nothing to wait for' };
  }
  return { kind: 'send', request: fetchDecision(objectRef) };
}

async function settleFetch(
  room: KycRoom,
  tx: Tx,
  { message, sent }: { message: Message; sent: Sent<HttpResponse> },
): Promise<Settled> {
  const { object_ref: objectRef } = bodyOf(message);
  const fetched = readAnswer(room, sent);
  const known = await lockSessionByRef(tx, objectRef ?? '');
  switch (fetched.kind) {
    case 'retry':
      if (fetched.alert)
        room.deps.log.error(
          { org: tx.org, reason: fetched.reason },
          'a KYC decision is not readable',
        );
      // A condition of transport, shown as such; the session's status stays what it was.
      if (known !== null && known.transport === 'ok')
        await saveSession(tx, { ...known, transport: 'vendor_unavailable' });
      return { kind: 'retry', reason: fetched.reason };
    case 'gone':
      await mark(room, tx, message, 'ignored');
      return { kind: 'done' };
    case 'undecided':
      if (known !== null) await progress(room, tx, { session: known, message });
      await mark(room, tx, message, known === null ? 'ignored' : 'applied');
      return { kind: 'done' };
    case 'decided': {
      // A session whose creation is in doubt is known to the vendor by our id alone.
      const session = known ?? (await lockSession(tx, fetched.vendorData ?? ''));
      if (session !== null) await applyDecision(room, tx, { session, fetched, message });
      await mark(room, tx, message, session === null ? 'ignored' : 'applied');
      return { kind: 'done' };
    }
  }
}

function readAnswer(room: KycRoom, sent: Sent<HttpResponse>): FetchedDecision {
  if (sent.kind !== 'answered') return { kind: 'retry', reason: sent.reason, alert: false };
  return parseDecision(room.veriff, sent.answer, room.deps.world.clock.now());
}

async function progress(
  room: KycRoom,
  tx: Tx,
  { session, message }: { session: KycSession; message: Message },
): Promise<void> {
  const status = progressOf(session, bodyOf(message).type);
  let saved: KycSession = session;
  if (status !== null) {
    const submittedAt = status === 'submitted' ? room.deps.world.clock.now() : session.submittedAt;
    saved = await saveSession(tx, { ...session, status, submittedAt, transport: 'ok' });
    await tellSession(room, tx, { session: saved, actor: VENDOR, traceId: message.traceId });
  } else if (session.transport !== 'ok') {
    saved = await saveSession(tx, { ...session, transport: 'ok' });
  }
  await keepPolling(room, tx, { session: saved, message });
}

async function applyDecision(
  room: KycRoom,
  tx: Tx,
  of: {
    session: KycSession;
    fetched: Extract<FetchedDecision, { kind: 'decided' }>;
    message: Message;
  },
): Promise<void> {
  const { session, fetched, message } = of;
  const { decision, providerRef } = fetched;
  if (session.providerRef !== null && session.providerRef !== providerRef) return;
  if (codeDisagrees(decision)) {
    room.deps.log.error(
      { org: tx.org, session: session.id, status: decision.status, code: decision.code },
      'the KYC vendor’s code and word disagree; the word counts',
    );
  }
  let saved: KycSession = session;
  if (isNews(session, decision)) {
    const next = withDecision(session, decision, room.settings.approvalDays);
    saved = await saveSession(tx, { ...next, providerRef });
    await tellSession(room, tx, { session: saved, actor: VENDOR, traceId: message.traceId });
  }
  await keepPolling(room, tx, { session: saved, message });
}

/** Longer than any vendor keeps a session open. */
const POLL_AGE_MAX_MS = 30 * DAY_MS;

/** One poll causes the next, until there is an answer. */
async function keepPolling(
  room: KycRoom,
  tx: Tx,
  { session, message }: { session: KycSession; message: Message },
): Promise<void> {
  if (bodyOf(message).type !== 'poll' || !isUndecided(session.status)) return;
  const age = room.deps.world.clock.now() - session.createdAt;
  if (age <= POLL_AGE_MAX_MS) await enqueuePoll(room, tx, session);
}

async function mark(
  room: KycRoom,
  tx: Tx,
  message: Message,
  status: 'applied' | 'ignored',
): Promise<void> {
  const { inbox_event_id: id } = bodyOf(message);
  if (id !== null) await markInboxEvent(tx, { id, status, at: room.deps.world.clock.now() });
}
