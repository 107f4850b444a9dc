// The deadline came first: makes `expired` the truth before anybody says it. A decision that was committed
// at that very moment is taken back as long as only this ask could have been told of it: nothing is captured,
// what is reserved is released. Where it cannot be taken back any more, it stands, and is the answer.

import { type OrgDatabase, transaction, type Tx } from '../../platform/database/database.ts';
import { present } from '../../shared/assert.ts';
import type { Actor } from '../audit/index.ts';
import { voidUntold } from './change-payment.ts';
import type { Decision, DoorRequest } from './decide.ts';
import type { Evidence } from './policy.ts';
import type { Room } from './room.ts';
import { claimDecision, lockDecision, releaseDecision, saveDecision } from './store-decisions.ts';

export type Expiring = Pick<
  DoorRequest,
  'device' | 'amountMinor' | 'currency' | 'terminalRef' | 'traceId'
>;

/** Null: nothing is in force under this reference and nothing will be. */
export async function giveUp<E extends Evidence>(
  room: Room<E>,
  db: OrgDatabase,
  request: Expiring,
): Promise<Decision | null> {
  const { device, amountMinor, terminalRef, traceId } = request;
  const currency = request.currency ?? room.settings.currencyDefault;
  if (currency === null) return null;
  return transaction(db, async (tx) => {
    const key = { deviceId: device.id, terminalRef };
    const createdAt = room.deps.world.clock.now();
    const wanted = { ...key, amountMinor, currency, createdAt, heldBy: null };
    if (await claimDecision(tx, wanted)) {
      await saveDecision(tx, key, { answer: EXPIRED, paymentId: null });
      return null;
    }
    const found = present(await lockDecision(tx, key), 'an earlier decision');
    const decision = JSON.parse(present(found.answer, 'its answer')) as Decision;
    if (decision.decision === 'expired') return null;
    const isOurs = found.heldBy !== null && found.heldBy === traceId;
    if (isOurs && (await takeBack(room, tx, { paymentId: found.paymentId, request }))) {
      await saveDecision(tx, key, { answer: EXPIRED, paymentId: found.paymentId });
      await releaseDecision(tx, key);
      return null;
    }
    await releaseDecision(tx, key);
    return decision;
  });
}

const EXPIRED = JSON.stringify({
  decision: 'expired',
  reason: null,
  limit: null,
  paymentId: null,
  mode: 'online',
} satisfies Decision);

async function takeBack<E extends Evidence>(
  room: Room<E>,
  tx: Tx,
  { paymentId, request }: { paymentId: string | null; request: Expiring },
): Promise<boolean> {
  if (paymentId === null) return true;
  const actor: Actor = { kind: 'device', id: request.device.id };
  const past = room as unknown as Room; // past the door nobody looks at evidence
  return voidUntold(past, tx, { paymentId, actor, traceId: request.traceId });
}
