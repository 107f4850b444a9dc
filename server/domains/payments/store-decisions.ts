// SQL over what the door was told. The row is taken before anything is decided: a second ask with the
// same reference waits for the first and then reads its answer.

import type { Tx } from '../../platform/database/database.ts';
import type { Instant } from '../../shared/world.ts';

export interface DecisionKey {
  deviceId: string;
  terminalRef: string;
}

export interface StoredDecision {
  amountMinor: number;
  currency: string;
  /** JSON; null only inside the transaction that decides. */
  answer: string | null;
  paymentId: string | null;
  /** The one ask that was answered with it so far, and that alone may still take it back. */
  heldBy: string | null;
}

/** False when the reference was used before. */
export async function claimDecision(
  tx: Tx,
  wanted: DecisionKey &
    Pick<StoredDecision, 'amountMinor' | 'currency' | 'heldBy'> & {
      createdAt: Instant;
    },
): Promise<boolean> {
  const { deviceId, terminalRef, amountMinor, currency, createdAt, heldBy } = wanted;
  const inserted = await tx.execute(
    `insert into payment_decision (org_id, device_id, terminal_ref, amount_minor, currency,
        created_at, held_by)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (org_id, device_id, terminal_ref) do nothing`,
    [tx.org, deviceId, terminalRef, amountMinor, currency, createdAt, heldBy],
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

export async function lockDecision(
  tx: Tx,
  { deviceId, terminalRef }: DecisionKey,
): Promise<StoredDecision | null> {
  const [row] = await tx.query<{
    amount_minor: number;
    currency: string;
    answer: string | null;
    payment_id: string | null;
    held_by: string | null;
  }>(
    `select d.amount_minor, d.currency, d.answer, d.payment_id, d.held_by from payment_decision d
      where d.org_id = $1 and d.device_id = $2 and d.terminal_ref = $3 ${tx.dialect.forUpdate}`,
    [tx.org, deviceId, terminalRef],
  );
  if (row === undefined) return null;
  const { amount_minor: amountMinor, payment_id: paymentId, held_by: heldBy } = row;
  return { amountMinor, currency: row.currency, answer: row.answer, paymentId, heldBy };
}

/** It is told to somebody else as well: from here on nobody may take it back. */
export async function releaseDecision(
  tx: Tx,
  { deviceId, terminalRef }: DecisionKey,
): Promise<void> {
  await tx.execute(
    `update payment_decision set held_by = null
      where org_id = $1 and device_id = $2 and terminal_ref = $3 and held_by is not null`,
    [tx.org, deviceId, terminalRef],
  );
}
