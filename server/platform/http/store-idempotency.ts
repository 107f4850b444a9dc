// SQL over the record of idempotent requests. A row is written in the transaction of the effect it
// stands for, so there is never one without the other; until then the key is held by its name.

import type { EngineTx, OrgQueryable, Tx } from '../database/database.ts';
import type { Instant } from '../../shared/world.ts';

export interface KeyOwner {
  principalId: string;
  key: string;
}

export interface StoredAnswer {
  fingerprint: string;
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  expiresAt: Instant;
}

/**
 * Holds the key until the transaction ends, before anything else is asked: a twin waits here, up to the lock
 * time-out, and then finds the answer.
 */
export function holdKey(tx: Tx, { principalId, key }: KeyOwner): void {
  if (tx.dialect.holdName !== null)
    tx.send(tx.dialect.holdName, [JSON.stringify(['idempotency', tx.org, principalId, key])]);
}

export interface KeptAnswer extends Omit<StoredAnswer, 'expiresAt'> {
  concernsId: string | null;
  createdAt: Instant;
  expiresAt: Instant;
}

/** The whole transaction fails when the key has a record: who claims it has seen to that. */
export function saveAnswer(tx: Tx, { principalId, key }: KeyOwner, answer: KeptAnswer): void {
  tx.send(
    `insert into idempotency (org_id, principal_id, idempotency_key, fingerprint, status, headers,
       body, concerns_id, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      tx.org,
      principalId,
      key,
      answer.fingerprint,
      answer.status,
      JSON.stringify(answer.headers),
      answer.body,
      answer.concernsId,
      answer.createdAt,
      answer.expiresAt,
    ],
  );
}

/** For the key of which the time is over: it is as good as new. */
export function removeAnswer(tx: Tx, { principalId, key }: KeyOwner): void {
  tx.send(
    `delete from idempotency
      where org_id = $1 and principal_id = $2 and idempotency_key = $3`,
    [tx.org, principalId, key],
  );
}

export async function findAnswer(
  db: OrgQueryable,
  { principalId, key }: KeyOwner,
): Promise<StoredAnswer | null> {
  const rows = await db.query<{
    fingerprint: string;
    status: number;
    headers: string;
    body: string;
    expires_at: number;
  }>(
    `select fingerprint, status, headers, body, expires_at from idempotency
      where org_id = $1 and principal_id = $2 and idempotency_key = $3`,
    [db.org, principalId, key],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { fingerprint, status, body, expires_at: expiresAt } = row;
  return { fingerprint, status, body, expiresAt, headers: JSON.parse(row.headers) };
}

/** What the row becomes when what it is about is erased; the digest of the request goes as well. */
export const FORGOTTEN = 410;

/** The keys stay used: a retry must not make anew what was erased. Returns how many. */
export async function forgetAnswers(tx: Tx, concernsId: string): Promise<number> {
  return tx.execute(
    `update idempotency set status = $3, headers = '{}', body = '', fingerprint = ''
      where org_id = $1 and concerns_id = $2`,
    [tx.org, concernsId, FORGOTTEN],
  );
}

/** Across organizations; bounded, so that a purge never holds the table for long. */
export async function purgeExpired(tx: EngineTx, now: Instant, rowsMax: number): Promise<number> {
  return tx.execute(
    `delete from idempotency where (org_id, principal_id, idempotency_key) in (
       select org_id, principal_id, idempotency_key from idempotency
        where expires_at <= $1 order by expires_at limit $2)`,
    [now, rowsMax],
  );
}
