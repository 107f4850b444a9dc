// Writes the one message of an effect, in the transaction of the change that causes it. The caller
// holds the aggregate's row, so that messages of one aggregate are numbered in their order.

import type { World } from '../../shared/world.ts';
import type { Tx } from '../database/database.ts';
import type { Bell } from './bell.ts';
import type { NewMessage } from './handler.ts';
import { shardOf } from './shard-of.ts';

export interface EnqueueDeps {
  world: Pick<World, 'clock'>;
  /** The engine in this process, if there is one; others find the message by polling. */
  bell?: Bell;
}

/** References and small facts; documents belong in the tables of their domain. */
export const BODY_CHARS_MAX = 16_384;

/** Returns the number of the message. */
export async function enqueue(tx: Tx, deps: EnqueueDeps, message: NewMessage): Promise<number> {
  const body = JSON.stringify(message.body);
  if (body.length > BODY_CHARS_MAX) {
    throw new Error(
      `Expected the body of a ${message.type} message within ${BODY_CHARS_MAX} characters, found ${body.length}.`,
    );
  }
  const insert = (): Promise<{ pos: number }[]> =>
    tx.query<{ pos: number }>(INSERT_MESSAGE, [
      tx.org,
      message.destination,
      message.aggregate,
      message.type,
      message.uid,
      body,
      message.traceId ?? null,
      deps.world.clock.now(),
      message.notBefore ?? null,
    ]);
  let rows = await insert();
  if (rows.length === 0) {
    await openLane(tx, message.destination);
    rows = await insert();
  }
  const [row] = rows;
  if (row === undefined) throw new Error('Invariant broken: a message was not numbered');
  if (deps.bell !== undefined) tx.afterCommit(deps.bell.ring);
  return row.pos;
}

const INSERT_MESSAGE = `insert into outbox_msg (org_id, lane_id, aggregate, type, uid, body, trace_id,
    created_at, not_before)
  select l.org_id, l.lane_id, $3, $4, $5, $6, $7, $8, $9
    from outbox_lane l where l.org_id = $1 and l.dest_id = $2
  returning pos`;

/** On demand, and only once: two transactions at the same moment wait for each other here. */
async function openLane(tx: Tx, destination: string): Promise<void> {
  const shard = shardOf(`${tx.org}/${destination}`);
  await tx.execute(
    `insert into outbox_lane (org_id, dest_id, shard, weight, low, replays)
     values ($1, $2, $3, 1, 0, 0)
     on conflict (org_id, dest_id) do nothing`,
    [tx.org, destination, shard],
  );
}
