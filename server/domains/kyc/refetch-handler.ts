// An event is a hint: the decision is fetched, its signature checked, and only then applied. A session
// whose creation was never confirmed is recognised by our own id in vendorData.

import type { Tx } from '../../platform/database/database.ts';
import { type InboxMessageBody, markInboxEvent } from '../../platform/inbox/index.ts';
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
import { applyDecision, applyProgress } from './apply-decision.ts';
import type { KycSession } from './kyc-session.ts';
import {
  buildDecision,
  type DecisionAnswer,
  parseDecision,
  progressOf,
} from './providers/veriff.ts';
import type { Room } from './room.ts';
import { lockSession, lockSessionByRef } from './store.ts';

/** Without an inbox event when a poll asks. */
export type RefetchBody = Pick<InboxMessageBody, 'object_ref' | 'type'> & {
  inbox_event_id: string | null;
};

interface Fetch {
  providerRef: string;
}

export function refetchHandler(room: Room): OutboxHandler<never, never> {
  return handler<Fetch, HttpResponse>({
    prepare: (tx, message) => prepareFetch(room, tx, message),
    send: async ({ providerRef }, signal) =>
      sentOf(await room.client.exchange(buildDecision(room.veriff, providerRef), signal)),
    settle: (tx, message, { request, sent }) => settleFetch(room, tx, { message, request, sent }),
  });
}

async function prepareFetch(room: Room, tx: Tx, message: Message): Promise<Prepared<Fetch>> {
  const { object_ref: providerRef } = message.body as RefetchBody;
  if (providerRef !== null) return { kind: 'send', request: { providerRef } };
  await mark(room, tx, message, { status: 'ignored', reason: 'it names no session' });
  return { kind: 'nothing', reason: 'it names no session' };
}

async function settleFetch(
  room: Room,
  tx: Tx,
  of: { message: Message; request: Fetch; sent: Sent<HttpResponse> },
): Promise<Settled> {
  const { message, request, sent } = of;
  // A question: when its answer is lost it is asked again.
  if (sent.kind !== 'answered') return { kind: 'retry', reason: sent.reason };
  const { status } = sent.answer;
  if (status === 404) {
    await mark(room, tx, message, { status: 'ignored', reason: 'Veriff does not know it' });
    return { kind: 'done' };
  }
  if (status !== 200) return { kind: 'retry', reason: `the decision answered ${status}` };
  const answer = parseDecision(room.veriff, sent.answer);
  if (answer.kind === 'unreadable') return { kind: 'retry', reason: answer.why };
  const session = await findOurs(tx, request.providerRef, answer);
  if (session === null) {
    await mark(room, tx, message, { status: 'ignored', reason: 'the session is not ours' });
    return { kind: 'done' };
  }
  const { traceId } = message;
  const { type } = message.body as RefetchBody;
  if (answer.kind === 'decided') await applyDecision(room, tx, { session, found: answer, traceId });
  else await applyProgress(room, tx, { session, progress: progressOf(type), traceId });
  await mark(room, tx, message, { status: 'applied' });
  return { kind: 'done' };
}

async function findOurs(
  tx: Tx,
  providerRef: string,
  answer: DecisionAnswer,
): Promise<KycSession | null> {
  const known = await lockSessionByRef(tx, providerRef);
  if (known !== null || answer.kind !== 'decided' || answer.vendorData === null) return known;
  const claimed = await lockSession(tx, answer.vendorData);
  return claimed?.providerRef === null ? claimed : null;
}

async function mark(
  room: Room,
  tx: Tx,
  message: Message,
  as: { status: 'applied' | 'ignored'; reason?: string },
): Promise<void> {
  const { inbox_event_id: id } = message.body as RefetchBody;
  if (id !== null) await markInboxEvent(tx, { id, at: room.deps.world.clock.now(), ...as });
}
