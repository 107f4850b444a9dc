// SQL by which a message moves or leaves, in the transaction of its own organization. `holdMessage` is
// the fence: it locks the row first and looks at the epoch in a later statement, so that of two workers
// that both believe to own the shard the older one always finds out before it can change anything.

import type { OrgQueryable, Tx } from '../database/database.ts';
import type { Instant } from '../../shared/world.ts';
import type { HeldShard } from './store-shards.ts';
import type { Retry, StoredMessage } from './stored-message.ts';

export type Hold = 'held' | 'gone' | 'lost';

export async function holdMessage(
  tx: Tx,
  pos: number,
  lease: HeldShard & { owner: string },
): Promise<Hold> {
  const rows = await tx.query(
    `select pos from outbox_msg where org_id = $1 and pos = $2 ${tx.dialect.forUpdate}`,
    [tx.org, pos],
  );
  if (rows.length === 0) return 'gone';
  const owned = await tx.query(
    `select 1 as owned from outbox_shard where shard = $1 and epoch = $2 and owner = $3`,
    [lease.shard, lease.epoch, lease.owner],
  );
  return owned.length === 1 ? 'held' : 'lost';
}

export async function deleteMessage(tx: Tx, message: StoredMessage): Promise<void> {
  await tx.execute(`delete from outbox_msg where org_id = $1 and pos = $2`, [tx.org, message.pos]);
  // Rows of retries are the exception; a message without one has nothing to take back.
  if (message.state !== null) {
    await tx.execute(`delete from outbox_retry where org_id = $1 and pos = $2`, [
      tx.org,
      message.pos,
    ]);
  }
}

export async function upsertRetry(tx: Tx, message: StoredMessage, retry: Retry): Promise<void> {
  await tx.execute(
    `insert into outbox_retry (org_id, pos, lane_id, aggregate, attempts, failures, doubts, next_at,
        state, last_error)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
     on conflict (pos) do update set attempts = excluded.attempts, failures = excluded.failures,
        doubts = excluded.doubts, next_at = excluded.next_at, state = excluded.state,
        last_error = excluded.last_error`,
    [
      tx.org,
      message.pos,
      message.laneId,
      message.aggregate,
      retry.attempts,
      retry.failures,
      retry.doubts,
      retry.nextAt,
      retry.state,
      retry.reason.slice(0, REASON_CHARS_MAX),
    ],
  );
}

export interface Attempt {
  attempt: number;
  outcome: string;
  status: number | null;
  durationMs: number;
  detail: string | null;
  at: Instant;
}

/** Enough to understand; an answer's body has its own place and its own redaction. */
export const REASON_CHARS_MAX = 500;

export async function insertAttempt(tx: Tx, message: StoredMessage, row: Attempt): Promise<void> {
  await tx.execute(
    `insert into outbox_attempt (org_id, pos, attempt, lane_id, type, uid, outcome, status, duration_ms,
        detail, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      tx.org,
      message.pos,
      row.attempt,
      message.laneId,
      message.type,
      message.uid,
      row.outcome,
      row.status,
      row.durationMs,
      row.detail?.slice(0, REASON_CHARS_MAX) ?? null,
      row.at,
    ],
  );
}

/** The message leaves the outbox and waits for a person, with the reason it gave up. */
export async function buryMessage(
  tx: Tx,
  message: StoredMessage,
  { attempts, reason, at }: { attempts: number; reason: string; at: Instant },
): Promise<void> {
  await tx.execute(
    `insert into outbox_dead (org_id, pos, lane_id, aggregate, type, uid, body, trace_id, created_at,
        not_before, attempts, reason, died_at)
     select m.org_id, m.pos, m.lane_id, m.aggregate, m.type, m.uid, m.body, m.trace_id, m.created_at,
        m.not_before, $3, $4, $5
       from outbox_msg m where m.org_id = $1 and m.pos = $2`,
    [tx.org, message.pos, attempts, reason.slice(0, REASON_CHARS_MAX), at],
  );
  await deleteMessage(tx, message);
}

export interface DeadLetter {
  pos: number;
  aggregate: string;
  type: string;
  uid: string;
  attempts: number;
  reason: string;
  createdAt: Instant;
  diedAt: Instant;
}

export async function listDead(
  db: OrgQueryable,
  { afterPos, limit }: { afterPos: number; limit: number },
): Promise<readonly DeadLetter[]> {
  const rows = await db.query<DeadRow>(
    `select pos, aggregate, type, uid, attempts, reason, created_at, died_at from outbox_dead
      where org_id = $1 and pos > $2 order by pos limit $3`,
    [db.org, afterPos, limit],
  );
  return rows.map(toDeadLetter);
}

export async function lockDead(tx: Tx, pos: number): Promise<DeadLetter | null> {
  const [row] = await tx.query<DeadRow>(
    `select pos, aggregate, type, uid, attempts, reason, created_at, died_at from outbox_dead
      where org_id = $1 and pos = $2 ${tx.dialect.forUpdate}`,
    [tx.org, pos],
  );
  return row === undefined ? null : toDeadLetter(row);
}

type DeadRow = {
  pos: number;
  aggregate: string;
  type: string;
  uid: string;
  attempts: number;
  reason: string;
  created_at: number;
  died_at: number;
};

function toDeadLetter({ created_at: createdAt, died_at: diedAt, ...same }: DeadRow): DeadLetter {
  return { ...same, createdAt, diedAt };
}

/** Back to life with its number and its key; what was counted against it starts anew. */
export async function reviveMessage(
  tx: Tx,
  { pos, at }: { pos: number; at: Instant },
): Promise<void> {
  await tx.execute(
    `insert into outbox_msg (pos, org_id, lane_id, aggregate, type, uid, body, trace_id, created_at,
        not_before)
     select d.pos, d.org_id, d.lane_id, d.aggregate, d.type, d.uid, d.body, d.trace_id, d.created_at,
        null
       from outbox_dead d where d.org_id = $1 and d.pos = $2`,
    [tx.org, pos],
  );
  await tx.execute(
    `insert into outbox_retry (org_id, pos, lane_id, aggregate, attempts, failures, doubts, next_at,
        state, last_error)
     select d.org_id, d.pos, d.lane_id, d.aggregate, d.attempts, 0, 0, $3, 'retry', d.reason
       from outbox_dead d where d.org_id = $1 and d.pos = $2`,
    [tx.org, pos, at],
  );
  // Its number is below the marks: they are lowered, so that whoever holds the lane reads it again.
  await tx.execute(
    `update outbox_lane set replays = replays + 1, low = case when low >= $2 then $3 else low end
      where org_id = $1 and lane_id in
        (select d.lane_id from outbox_dead d where d.org_id = $1 and d.pos = $2)`,
    [tx.org, pos, pos - 1],
  );
  await tx.execute(`delete from outbox_dead where org_id = $1 and pos = $2`, [tx.org, pos]);
}
