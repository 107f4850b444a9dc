// SQL of stored events and of poll cursors.

import type { Instant } from '../../shared/world.ts';
import type { OrgQueryable, Tx } from '../database/database.ts';

export interface NewInboxRow {
  id: string;
  accountId: string;
  provider: string;
  dedupeKey: string;
  type: string;
  objectRef: string | null;
  source: 'webhook' | 'poll';
  headers: Readonly<Record<string, string>>;
  raw: Uint8Array;
  verified: boolean;
  keyId: string | null;
  receivedAt: Instant;
  status: InboxStatus;
  reason: string | null;
}

export type InboxStatus = 'stored' | 'applied' | 'ignored' | 'unreadable' | 'quarantined';

/** False when this event was stored before, by whichever way it came. */
export async function insertInboxRow(tx: Tx, row: NewInboxRow): Promise<boolean> {
  const inserted = await tx.execute(
    `insert into inbox_event (org_id, id, provider_account_id, provider, dedupe_key, type, object_ref,
        source, headers, raw, verified, key_id, received_at, status, applied_at, reason)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, null, $15)
     on conflict (org_id, provider_account_id, dedupe_key) do nothing`,
    [
      tx.org,
      row.id,
      row.accountId,
      row.provider,
      row.dedupeKey,
      row.type,
      row.objectRef,
      row.source,
      JSON.stringify(row.headers),
      row.raw,
      row.verified ? 1 : 0,
      row.keyId,
      row.receivedAt,
      row.status,
      row.reason,
    ],
  );
  return inserted === 1;
}

/** The domain has fetched the object and applied what it found (or there was nothing to apply). */
export async function markInboxEvent(
  tx: Tx,
  mark: { id: string; status: 'applied' | 'ignored'; at: Instant; reason?: string },
): Promise<void> {
  await tx.execute(
    `update inbox_event set status = $3, applied_at = $4, reason = $5
      where org_id = $1 and id = $2 and status <> 'quarantined'`,
    [tx.org, mark.id, mark.status, mark.at, mark.reason ?? null],
  );
}

export async function countQuarantined(
  tx: Tx,
  { accountId, since }: { accountId: string; since: Instant },
): Promise<number> {
  const rows = await tx.query<{ n: number }>(
    `select count(*) as n from inbox_event e
      where e.org_id = $1 and e.status = 'quarantined' and e.provider_account_id = $2
        and e.received_at >= $3`,
    [tx.org, accountId, since],
  );
  return rows[0]?.n ?? 0;
}

export interface StoredCursor {
  position: string | null;
  caughtUpTo: Instant | null;
  polledAt: Instant | null;
}

export async function readCursor(db: OrgQueryable, accountId: string): Promise<StoredCursor> {
  const rows = await db.query<{
    position: string | null;
    caught_up_to: number | null;
    polled_at: number | null;
  }>(
    `select c.position, c.caught_up_to, c.polled_at from provider_cursor c
      where c.org_id = $1 and c.provider_account_id = $2`,
    [db.org, accountId],
  );
  const row = rows[0];
  return {
    position: row?.position ?? null,
    caughtUpTo: row?.caught_up_to ?? null,
    polledAt: row?.polled_at ?? null,
  };
}

export async function saveCursor(tx: Tx, accountId: string, cursor: StoredCursor): Promise<void> {
  await tx.execute(
    `insert into provider_cursor (org_id, provider_account_id, position, caught_up_to, polled_at)
     values ($1, $2, $3, $4, $5)
     on conflict (org_id, provider_account_id) do update set position = excluded.position,
       caught_up_to = excluded.caught_up_to, polled_at = excluded.polled_at`,
    [tx.org, accountId, cursor.position, cursor.caughtUpTo, cursor.polledAt],
  );
}

/** A poll that waits (behind a breaker, say) is enough; another would only lengthen the queue. */
export async function pollIsWaiting(
  tx: Tx,
  { accountId, destination, type }: { accountId: string; destination: string; type: string },
): Promise<boolean> {
  const rows = await tx.query(
    `select m.pos from outbox_msg m join outbox_lane l on l.org_id = m.org_id and l.lane_id = m.lane_id
      where m.org_id = $1 and l.dest_id = $2 and m.type = $3 and m.aggregate = $4 limit 1`,
    [tx.org, destination, type, accountId],
  );
  return rows.length > 0;
}
