// SQL of what is enqueued: the message's row, and the lane of its organization and destination, which is
// made when its first message comes.

import type { Instant } from '../../shared/world.ts';
import type { Tx } from '../database/database.ts';
import { shardOf } from './shard-of.ts';

export interface NewMessageRow {
  destination: string;
  aggregate: string;
  type: string;
  uid: string;
  body: string;
  traceId: string | null;
  createdAt: Instant;
  notBefore: Instant | null;
}

/** Fails when its lane is not open: no message without one. */
export function sendMessage(tx: Tx, row: NewMessageRow): void {
  tx.send(INSERT_MESSAGE, [
    tx.org,
    row.destination,
    row.aggregate,
    row.type,
    row.uid,
    row.body,
    row.traceId,
    row.createdAt,
    row.notBefore,
  ]);
}

const INSERT_MESSAGE = `insert into outbox_msg (org_id, lane_id, aggregate, type, uid, body, trace_id,
    created_at, not_before)
  values ($1, (select l.lane_id from outbox_lane l where l.org_id = $1 and l.dest_id = $2),
    $3, $4, $5, $6, $7, $8, $9)`;

/** On demand, and only once: two transactions at the same moment wait for each other here. */
export async function openLane(tx: Tx, destination: string): Promise<void> {
  const shard = shardOf(`${tx.org}/${destination}`);
  await tx.execute(
    `insert into outbox_lane (org_id, dest_id, shard, weight, low, replays)
     values ($1, $2, $3, 1, 0, 0)
     on conflict (org_id, dest_id) do nothing`,
    [tx.org, destination, shard],
  );
}
