// Begins a KYC session: a row, its event, and the message that makes it at the vendor.

import type { Tx } from '../../platform/database/database.ts';
import { ensureProviderAccount } from '../../platform/inbox/index.ts';
import { enqueue } from '../../platform/outbox/enqueue.ts';
import type { Actor } from '../audit/index.ts';
import { lockActivePerson } from '../people/index.ts';
import type { KycSession } from './kyc-session.ts';
import { DESTINATION, type KycRoom, SESSION_MESSAGE, tellSession } from './room.ts';
import { insertSession } from './store.ts';

export interface NewSession {
  personId: string;
  actor: Actor;
  traceId: string | null;
}

export async function startSession(
  room: KycRoom,
  tx: Tx,
  { personId, actor, traceId }: NewSession,
): Promise<KycSession> {
  const { deps, settings } = room;
  await lockActivePerson(tx, personId);
  const account = await ensureProviderAccount(tx, deps, 'veriff');
  const session: KycSession = {
    id: deps.ids.make('kycSession'),
    personId,
    providerAccountId: account.id,
    level: settings.level,
    status: 'requested',
    providerRef: null,
    url: null,
    decision: null,
    transport: 'ok',
    request: null,
    firstSentAt: null,
    submittedAt: null,
    decidedAt: null,
    validUntil: null,
    reason: null,
    createdAt: deps.world.clock.now(),
    version: 1,
  };
  await insertSession(tx, session);
  await tellSession(room, tx, { session, actor, traceId });
  await enqueue(tx, deps, {
    type: SESSION_MESSAGE,
    destination: DESTINATION,
    aggregate: session.id,
    uid: session.id,
    body: { kyc_session_id: session.id },
    traceId,
  });
  return session;
}
