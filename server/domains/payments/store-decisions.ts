// SQL over what the door was told. The row is taken before anything is decided: a second ask with the
// same reference waits for the first and then reads its answer.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Instant } from '../../shared/world.ts';

export interface DecisionKey {
  deviceId: string;
  terminalRef: string;
}

/** False when the reference was used before. */
export async function claimDecision(
  tx: Tx,
  wanted: DecisionKey & { amountMinor: number; currency: string; createdAt: Instant },
): Promise<boolean> {
  const { deviceId, terminalRef, amountMinor, currency, createdAt } = wanted;
  const inserted = await tx.execute(
    `insert into payment_decision (org_id, device_id, terminal_ref, amount_minor, currency, created_at)
     values ($1, $2, $3, $4, $5, $6) on conflict (org_id, device_id, terminal_ref) do nothing`,
    [tx.org, deviceId, terminalRef, amountMinor, currency, createdAt],
  );
  return inserted === 1;
}

export async function saveDecision(
  tx: Tx,
  key: DecisionKey,
  { answer, paymentId }: { answer: string; paymentId: string | null },
): Promise<void> {
  await tx.execute(
    `update payment_decision set answer = $4, payment_id = $5
      where org_id = $1 and device_id = $2 and terminal_ref = $3`,
    [tx.org, key.deviceId, key.terminalRef, answer, paymentId],
  );
}

export async function findDecision(
  db: OrgQueryable,
  { deviceId, terminalRef }: DecisionKey,
): Promise<{ amountMinor: number; currency: string; answer: string | null } | null> {
  const rows = await db.query<{ amount_minor: number; currency: string; answer: string | null }>(
    `select d.amount_minor, d.currency, d.answer from payment_decision d
      where d.org_id = $1 and d.device_id = $2 and d.terminal_ref = $3`,
    [db.org, deviceId, terminalRef],
  );
  const [row] = rows;
  if (row === undefined) return null;
  return { amountMinor: row.amount_minor, currency: row.currency, answer: row.answer };
}
