// The one event of a change of a session.

import type { Tx } from '../../platform/database/database.ts';
import { type Actor, tell } from '../audit/index.ts';
import { nodeOfPerson } from '../people/index.ts';
import type { KycSession } from './kyc-session.ts';
import type { Room } from './room.ts';

export async function tellSession(
  room: Room,
  tx: Tx,
  of: { session: KycSession; type: string; actor: Actor; data?: object; traceId?: string | null },
): Promise<void> {
  const { session, type, actor, data = {}, traceId = null } = of;
  await tell(room.deps, tx, {
    type,
    subject: { kind: 'kyc_session', id: session.id },
    nodeId: await nodeOfPerson(tx, session.personId),
    actor,
    data: { person_id: session.personId, status: session.status, ...data },
    traceId,
  });
}
