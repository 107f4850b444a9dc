// What the provider says about a session, applied: the same function for webhook, poll and look-up.

import type { Tx } from '../../platform/database/database.ts';
import { decided, isOutdated, type KycSession, progressed, type Progress } from './kyc-session.ts';
import type { VeriffDecision } from './providers/veriff.ts';
import { PROVIDER, type Room } from './room.ts';
import { saveSession } from './store.ts';
import { tellSession } from './tell-session.ts';

const ACTOR = { kind: 'provider', id: PROVIDER };

export async function applyProgress(
  room: Room,
  tx: Tx,
  of: { session: KycSession; progress: Progress | null; traceId: string | null },
): Promise<boolean> {
  const { session, progress, traceId } = of;
  const status = progress === null ? session.status : progressed(session.status, progress);
  if (status === session.status) return false;
  const submittedAt = status === 'submitted' ? room.deps.world.clock.now() : session.submittedAt;
  const moved = await saveSession(tx, { ...session, status, submittedAt });
  await tellSession(room, tx, {
    session: moved,
    type: 'kyc_session.progressed',
    actor: ACTOR,
    traceId,
  });
  return true;
}

export async function applyDecision(
  room: Room,
  tx: Tx,
  of: { session: KycSession; found: VeriffDecision; traceId: string | null },
): Promise<boolean> {
  const { found, traceId } = of;
  const { session } = of;
  if (found.codeDisagrees) {
    room.deps.log.error(
      { kyc_session: session.id, code: found.kept.code, decision: found.decision },
      'Veriff’s code says another thing than its status; the status counts',
    );
  }
  if (isOutdated(session, found.decidedAt)) {
    room.deps.log.info({ kyc_session: session.id }, 'an older decision arrived after a newer one');
    return false;
  }
  // What we took back stays so: only another attempt of the person is news.
  const sameAttempt = session.decision?.['attempt_id'] === found.kept.attempt_id;
  if (session.status === 'revoked' && sameAttempt) return false;
  const status = decided(session.status, found.decision);
  const same = status === session.status && session.providerRef === found.providerRef;
  if (same && sameAttempt) return false;
  const now = room.deps.world.clock.now();
  const changed: KycSession = {
    ...session,
    status,
    transport: 'ok',
    providerRef: found.providerRef,
    decision: found.kept,
    submittedAt: found.submittedAt ?? session.submittedAt,
    decidedAt: now,
    providerDecidedAt: found.decidedAt ?? session.providerDecidedAt,
    reason: found.reason,
    validUntil: status === 'approved' ? now + room.settings.approvalMs : null,
  };
  await tellSession(room, tx, {
    session: await saveSession(tx, changed),
    type: 'kyc_session.decided',
    actor: ACTOR,
    data: { ...found.kept, valid_until: changed.validUntil },
    traceId,
  });
  return true;
}
