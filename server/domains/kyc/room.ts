// What the verbs of this domain share. Built once in index.ts; an argument, not a global.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { enqueue } from '../../platform/outbox/enqueue.ts';
import type { HttpClient } from '../../platform/outside/http-exchange.ts';
import { type Actor, tell } from '../audit/index.ts';
import { nodeOfPerson } from '../people/index.ts';
import type { KycSession } from './kyc-session.ts';
import type { VeriffSettings } from './providers/veriff.ts';

export interface KycSettings {
  approvalDays: number;
  level: string;
  /** How often an undecided session is asked about, whether or not webhooks come. */
  pollMs: number;
}

export interface KycRoom {
  deps: Deps;
  settings: KycSettings;
  veriff: VeriffSettings;
  client: HttpClient;
}

export const DESTINATION = 'veriff';
export const SESSION_MESSAGE = 'kyc.session';
export const REFETCH_MESSAGE = 'kyc.refetch';
export const VENDOR: Actor = { kind: 'provider', id: 'veriff' };

/** Body of a message that asks for a decision; the inbox's own messages have the same fields. */
export interface RefetchBody {
  inbox_event_id: string | null;
  type: string;
  object_ref: string | null;
}

/** Asks again later, in a row of its own: a webhook's fetch does not wait behind it. */
export async function enqueuePoll(room: KycRoom, tx: Tx, session: KycSession): Promise<void> {
  const now = room.deps.world.clock.now();
  const body: RefetchBody = { inbox_event_id: null, type: 'poll', object_ref: session.providerRef };
  await enqueue(tx, room.deps, {
    type: REFETCH_MESSAGE,
    destination: DESTINATION,
    aggregate: `${session.id}:poll`,
    uid: `${session.id}:poll:${now}`,
    body,
    notBefore: now + room.settings.pollMs,
  });
}

export async function tellSession(
  room: Pick<KycRoom, 'deps'>,
  tx: Tx,
  of: { session: KycSession; actor: Actor; traceId: string | null },
): Promise<void> {
  const { session, actor, traceId } = of;
  await tell(room.deps, tx, {
    type: `kyc_session.${session.status}`,
    subject: { kind: 'kyc_session', id: session.id },
    nodeId: await nodeOfPerson(tx, session.personId),
    actor,
    data: {
      person_id: session.personId,
      level: session.level,
      valid_until: session.validUntil,
      reason_code: session.decision?.reasonCode ?? null,
      reason: session.reason,
    },
    traceId,
  });
}
