// Takes an approval back by hand; the person's allowance ends with the commit.

import { type OrgDatabase, transaction } from '../../platform/database/database.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import type { Actor } from '../audit/index.ts';
import type { KycSession } from './kyc-session.ts';
import type { Room } from './room.ts';
import { lockSession, saveSession } from './store.ts';
import { tellSession } from './tell-session.ts';

export async function revokeSession(
  room: Room,
  db: OrgDatabase,
  { id, reason, actor }: { id: string; reason: string; actor: Actor },
): Promise<KycSession> {
  return transaction(db, async (tx) => {
    const session = await lockSession(tx, id);
    if (session === null) throw notFound('KYC session', id);
    if (session.status !== 'approved') {
      throw new AppError(
        'conflict',
        `Expected an approved KYC session to revoke, found one that is ${session.status}.`,
      );
    }
    const revoked = await saveSession(tx, {
      ...session,
      status: 'revoked',
      validUntil: null,
      reason,
    });
    await tellSession(room, tx, {
      session: revoked,
      type: 'kyc_session.revoked',
      actor,
      data: { reason },
    });
    return revoked;
  });
}
