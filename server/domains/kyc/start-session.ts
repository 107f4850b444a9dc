// Asks for a KYC session: the row and the message that will make it at the provider, in one transaction.

import { type OrgDatabase, transaction } from '../../platform/database/database.ts';
import { ensureProviderAccount } from '../../platform/inbox/index.ts';
import { enqueue } from '../../platform/outbox/index.ts';
import { type Actor, tell } from '../audit/index.ts';
import { lockActivePerson } from '../people/index.ts';
import type { KycSession } from './kyc-session.ts';
import { DESTINATION, PROVIDER, type Room, SESSION_MESSAGE } from './room.ts';
import { insertSession } from './store.ts';

export async function startSession(
  room: Room,
  db: OrgDatabase,
  wanted: { personId: string; level: string | null; actor: Actor; traceId: string },
): Promise<KycSession> {
  const { deps } = room;
  const { personId, actor, traceId } = wanted;
  return transaction(db, async (tx) => {
    const person = await lockActivePerson(tx, personId);
    const account = await ensureProviderAccount(tx, deps, PROVIDER);
    const session: KycSession = {
      id: deps.ids.make('kycSession'),
      personId,
      providerAccountId: account.id,
      level: wanted.level ?? room.settings.level,
      status: 'queued',
      transport: 'ok',
      providerRef: null,
      url: null,
      decision: null,
      request: null,
      firstSentAt: null,
      submittedAt: null,
      decidedAt: null,
      providerDecidedAt: null,
      validUntil: null,
      reason: null,
      createdAt: deps.world.clock.now(),
      version: 1,
    };
    await insertSession(tx, session);
    await tell(deps, tx, {
      type: 'kyc_session.created',
      subject: { kind: 'kyc_session', id: session.id },
      nodeId: person.nodeId,
      actor,
      data: { person_id: personId, level: session.level, provider: PROVIDER },
      traceId,
    });
    await enqueue(tx, deps, {
      type: SESSION_MESSAGE,
      destination: DESTINATION,
      aggregate: session.id,
      uid: session.id,
      body: { kyc_session_id: session.id },
      traceId,
    });
    return session;
  });
}
