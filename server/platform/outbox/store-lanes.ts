// SQL of the engine over lanes and their messages; crosses organizations, reads only above the marks.

import type { EngineDatabase, EngineTx } from '../database/database.ts';
import type { Instant } from '../../shared/world.ts';
import type { RetryState, StoredMessage } from './stored-message.ts';

export interface LaneRow {
  laneId: number;
  orgId: string;
  destination: string;
  shard: number;
  low: number;
  /** How often a dead letter of the lane was replayed: each time, the mark was lowered. */
  replays: number;
}

export async function readLanes(
  db: EngineDatabase,
  shards: readonly number[],
): Promise<readonly LaneRow[]> {
  const rows = await db.query<{
    lane_id: number;
    org_id: string;
    dest_id: string;
    shard: number;
    low: number;
    replays: number;
  }>(
    `select lane_id, org_id, dest_id, shard, low, replays from outbox_lane
      where shard in (${db.dialect.integersOf('$1')})`,
    [JSON.stringify(shards)],
  );
  return rows.map((row) => ({
    laneId: row.lane_id,
    orgId: row.org_id,
    destination: row.dest_id,
    shard: row.shard,
    low: row.low,
    replays: row.replays,
  }));
}

/** Which of these lanes have anything above their mark; one look for any number of lanes. */
export async function lanesWithWork(
  db: EngineDatabase,
  lanes: readonly { lane_id: number; low: number }[],
): Promise<readonly number[]> {
  const given = db.dialect.rowsOf('$1', { lane_id: 'integer', low: 'integer' }, 'l');
  const rows = await db.query<{ lane_id: number }>(
    `select l.lane_id from ${given}
      where exists (select 1 from outbox_msg m where m.lane_id = l.lane_id and m.pos > l.low)`,
    [JSON.stringify(lanes)],
  );
  return rows.map((row) => row.lane_id);
}

const COLUMNS = `m.pos, m.org_id, m.lane_id, m.aggregate, m.type, m.uid, m.body, m.trace_id,
  m.created_at, m.not_before, r.attempts, r.failures, r.doubts, r.state, r.next_at`;

export const FETCH_MESSAGES = `select ${COLUMNS}
  from outbox_msg m left join outbox_retry r on r.pos = m.pos
  where m.lane_id = $1 and m.pos > $2 order by m.pos limit $3`;

export async function fetchMessages(
  db: EngineDatabase,
  { laneId, afterPos, limit }: { laneId: number; afterPos: number; limit: number },
): Promise<StoredMessage[]> {
  return (await db.query<MessageRow>(FETCH_MESSAGES, [laneId, afterPos, limit])).map(fromRow);
}

/** For an aggregate whose messages did not fit in memory. */
export async function fetchAggregate(
  db: EngineDatabase,
  of: { laneId: number; aggregate: string; afterPos: number; limit: number },
): Promise<StoredMessage[]> {
  const rows = await db.query<MessageRow>(
    `select ${COLUMNS}
       from outbox_msg m left join outbox_retry r on r.pos = m.pos
      where m.lane_id = $1 and m.pos > $2 and m.aggregate = $3 order by m.pos limit $4`,
    [of.laneId, of.afterPos, of.aggregate, of.limit],
  );
  return rows.map(fromRow);
}

/** Everything of the lane up to the mark: what the sweep compares with memory. */
export async function fetchBelow(
  db: EngineDatabase,
  of: { laneId: number; afterPos: number; upToPos: number; limit: number },
): Promise<StoredMessage[]> {
  const rows = await db.query<MessageRow>(
    `select ${COLUMNS}
       from outbox_msg m left join outbox_retry r on r.pos = m.pos
      where m.lane_id = $1 and m.pos > $2 and m.pos <= $3 order by m.pos limit $4`,
    [of.laneId, of.afterPos, of.upToPos, of.limit],
  );
  return rows.map(fromRow);
}

/** Only if nobody lowered it meanwhile (a replay does) and the shard is still ours. */
export async function persistMark(
  tx: EngineTx,
  mark: { laneId: number; replays: number; to: number; shard: number; epoch: number },
): Promise<boolean> {
  const touched = await tx.execute(
    `update outbox_lane set low = $3 where lane_id = $1 and replays = $2
        and exists (select 1 from outbox_shard s where s.shard = $4 and s.epoch = $5)`,
    [mark.laneId, mark.replays, mark.to, mark.shard, mark.epoch],
  );
  return touched === 1;
}

/** History beyond its time, a bounded number at once. */
export async function forgetAttempts(
  tx: EngineTx,
  before: Instant,
  limit: number,
): Promise<number> {
  return tx.execute(
    `delete from outbox_attempt where (org_id, pos, attempt) in
      (select org_id, pos, attempt from outbox_attempt where created_at < $1
        order by created_at limit $2)`,
    [before, limit],
  );
}

export interface Backlog {
  destination: string;
  messages: number;
  oldestCreatedAt: Instant | null;
  indeterminate: number;
  dead: number;
}

export async function readBacklog(db: EngineDatabase): Promise<readonly Backlog[]> {
  const rows = await db.query<{
    dest_id: string;
    messages: number;
    oldest: number | null;
    indeterminate: number;
    dead: number;
  }>(
    `select d.id as dest_id,
        (select count(*) from outbox_msg m join outbox_lane l on l.lane_id = m.lane_id
          where l.dest_id = d.id) as messages,
        (select min(m.created_at) from outbox_msg m join outbox_lane l on l.lane_id = m.lane_id
          where l.dest_id = d.id) as oldest,
        (select count(*) from outbox_retry r join outbox_lane l on l.lane_id = r.lane_id
          where l.dest_id = d.id and r.state = 'indeterminate') as indeterminate,
        (select count(*) from outbox_dead x join outbox_lane l on l.lane_id = x.lane_id
          where l.dest_id = d.id) as dead
       from outbox_dest d`,
  );
  return rows.map((row) => ({
    destination: row.dest_id,
    messages: row.messages,
    oldestCreatedAt: row.oldest,
    indeterminate: row.indeterminate,
    dead: row.dead,
  }));
}

type MessageRow = {
  pos: number;
  org_id: string;
  lane_id: number;
  aggregate: string;
  type: string;
  uid: string;
  body: string;
  trace_id: string | null;
  created_at: number;
  not_before: number | null;
  attempts: number | null;
  failures: number | null;
  doubts: number | null;
  state: RetryState | null;
  next_at: number | null;
};

function fromRow(row: MessageRow): StoredMessage {
  return {
    pos: row.pos,
    orgId: row.org_id,
    laneId: row.lane_id,
    aggregate: row.aggregate,
    type: row.type,
    uid: row.uid,
    bodyText: row.body,
    traceId: row.trace_id,
    createdAt: row.created_at,
    attempts: row.attempts ?? 0,
    failures: row.failures ?? 0,
    doubts: row.doubts ?? 0,
    state: row.state,
    dueAt: row.next_at ?? row.not_before,
    floor: row.next_at === null && row.not_before !== null,
  };
}
