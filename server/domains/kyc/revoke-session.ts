// Takes an approval back. It stands against whatever the vendor says of the same session later; the
// person needs another one.

import type { Tx } from '../../platform/database/database.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import type { Actor } from '../audit/index.ts';
import type { KycSession } from './kyc-session.ts';
import { type KycRoom, tellSession } from './room.ts';
import { lockSession, saveSession } from './store.ts';

export async function revokeSession(
  room: KycRoom,
  tx: Tx,
  of: { id: string; reason: string; actor: Actor; traceId: string | null },
): Promise<KycSession> {
  const session = await lockSession(tx, of.id);
  if (session === null) throw notFound('kyc session', of.id);
  if (session.status === 'revoked') return session;
  if (session.status !== 'approved') {
    throw new AppError('conflict', `Expected an approved session, found it ${session.status}.`, {
      data: { status: session.status },
    });
  }
  const now = room.deps.world.clock.now();
  const revoked: KycSession = {
    ...session,
    status: 'revoked',
    validUntil: null,
    decidedAt: now,
    reason: of.reason,
  };
  const saved = await saveSession(tx, revoked);
  await tellSession(room, tx, { session: saved, actor: of.actor, traceId: of.traceId });
  return saved;
}
