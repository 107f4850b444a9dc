// Dead letters: what gave up, why, and the way back. A replay keeps number and key, so that neither the
// order of its aggregate nor the provider's protection against doubles is lost.

import { notFound } from '../../shared/errors.ts';
import { type OrgDatabase, transaction } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import { type DeadLetter, listDead, reviveMessage } from './store-messages.ts';

export function listDeadLetters(
  db: OrgDatabase,
  page: { afterPos: number; limit: number },
): Promise<readonly DeadLetter[]> {
  return listDead(db, page);
}

export async function replayDeadLetter(deps: Deps, orgId: string, pos: number): Promise<void> {
  const at = deps.world.clock.now();
  const revived = await transaction(deps.databases.engine, async (tx) => {
    const done = await reviveMessage(tx, { orgId, pos, at });
    if (done && deps.bell !== undefined) tx.afterCommit(deps.bell.ring);
    return done;
  });
  if (!revived) throw notFound('dead letter', String(pos));
}
