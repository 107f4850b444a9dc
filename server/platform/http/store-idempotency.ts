// SQL over the record of idempotent requests. A row is written in the transaction of the effect it
// stands for, so there is never one without the other.

import type { EngineTx, OrgQueryable, Tx } from '../database/database.ts';
import type { Instant } from '../../shared/world.ts';

export interface KeyOwner {
  principalId: string;
  key: string;
}

export interface StoredAnswer {
  fingerprint: string;
  /** 0 while its transaction is open; nobody outside that transaction sees it. */
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string;
  expiresAt: Instant;
}

/**
 * False when the key has a living row. One whose time is over is written anew. On Postgres this waits
 * for a twin whose transaction is open, up to the lock time-out.
 */
export async function insertPending(
  tx: Tx,
  { principalId, key }: KeyOwner,
  {
    fingerprint,
    createdAt,
    expiresAt,
  }: { fingerprint: string; createdAt: Instant; expiresAt: Instant },
): Promise<boolean> {
  const written = await tx.execute(
    `insert into idempotency (org_id, principal_id, idempotency_key, fingerprint, status, headers,
       body, created_at, expires_at)
     values ($1, $2, $3, $4, 0, '{}', '', $5, $6)
     on conflict (org_id, principal_id, idempotency_key) do update
       set fingerprint = excluded.fingerprint, status = 0, headers = '{}', body = '',
           created_at = excluded.created_at, expires_at = excluded.expires_at,
           concerns_id = null
       where idempotency.expires_at <= $5`,
    [tx.org, principalId, key, fingerprint, createdAt, expiresAt],
  );
  return written === 1;
}

export async function updateAnswer(
  tx: Tx,
  { principalId, key }: KeyOwner,
  answer: {
    status: number;
    headers: Readonly<Record<string, string>>;
    body: string;
    concernsId: string | null;
  },
): Promise<void> {
  await tx.execute(
    `update idempotency set status = $4, headers = $5, body = $6, concerns_id = $7
      where org_id = $1 and principal_id = $2 and idempotency_key = $3`,
    [
      tx.org,
      principalId,
      key,
      answer.status,
      JSON.stringify(answer.headers),
      answer.body,
      answer.concernsId,
    ],
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
