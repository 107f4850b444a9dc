// Dead letters: what gave up, why, and the way back. A replay keeps number and key, so that neither the
// order of its aggregate nor the provider's protection against doubles is lost.

import { notFound } from '../../shared/errors.ts';
import type { OrgDatabase, Tx } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import { type DeadLetter, listDead, lockDead, reviveMessage } from './store-messages.ts';

export function listDeadLetters(
  db: OrgDatabase,
  page: { afterPos: number; limit: number },
): Promise<readonly DeadLetter[]> {
  return listDead(db, page);
}

/** Answers what it was. */
export async function replayDeadLetter(
  { world, bell }: Pick<Deps, 'world' | 'bell'>,
  tx: Tx,
  pos: number,
): Promise<DeadLetter> {
  const letter = await lockDead(tx, pos);
  if (letter === null) throw notFound('dead letter', String(pos));
  await reviveMessage(tx, { pos, at: world.clock.now() });
  if (bell !== undefined) tx.afterCommit(bell.ring);
  return letter;
}
