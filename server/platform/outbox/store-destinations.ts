// SQL of destinations: their window, their breaker as last known, and when they last did well or badly.

import type { EngineTx, Queryable } from '../database/database.ts';
import type { Instant } from '../../shared/world.ts';
import type { BreakerState } from './breaker.ts';

export interface DestinationRow {
  id: string;
  breaker: BreakerState;
  until: Instant | null;
  failures: number;
  lastOkAt: Instant | null;
  lastFailedAt: Instant | null;
  lastError: string | null;
}

export async function ensureDestination(
  tx: EngineTx,
  { id, inflightMax }: { id: string; inflightMax: number },
): Promise<void> {
  await tx.execute(
    `insert into outbox_dest (id, inflight_max, breaker, open_until, failures, last_ok_at,
        last_failed_at, last_error)
     values ($1, $2, 'closed', null, 0, null, null, null)
     on conflict (id) do update set inflight_max = excluded.inflight_max`,
    [id, inflightMax],
  );
}

export async function readDestinations(db: Queryable): Promise<readonly DestinationRow[]> {
  const rows = await db.query<{
    id: string;
    breaker: BreakerState;
    open_until: number | null;
    failures: number;
    last_ok_at: number | null;
    last_failed_at: number | null;
    last_error: string | null;
  }>(
    `select id, breaker, open_until, failures, last_ok_at, last_failed_at, last_error from outbox_dest`,
  );
  return rows.map((row) => ({
    id: row.id,
    breaker: row.breaker,
    until: row.open_until,
    failures: row.failures,
    lastOkAt: row.last_ok_at,
    lastFailedAt: row.last_failed_at,
    lastError: row.last_error,
  }));
}

export async function saveDestination(tx: EngineTx, row: DestinationRow): Promise<void> {
  await tx.execute(
    `update outbox_dest set breaker = $2, open_until = $3, failures = $4, last_ok_at = $5,
        last_failed_at = $6, last_error = $7 where id = $1`,
    [
      row.id,
      row.breaker,
      row.until,
      row.failures,
      row.lastOkAt,
      row.lastFailedAt,
      row.lastError?.slice(0, 500) ?? null,
    ],
  );
}

/** Of all replicas one wins: the row moves to half-open only once per pause. */
export async function claimProbe(
  tx: EngineTx,
  { id, now, until }: { id: string; now: Instant; until: Instant },
): Promise<boolean> {
  const touched = await tx.execute(
    `update outbox_dest set breaker = 'half_open', open_until = $3
      where id = $1 and breaker in ('open', 'half_open') and open_until <= $2`,
    [id, now, until],
  );
  return touched === 1;
}
