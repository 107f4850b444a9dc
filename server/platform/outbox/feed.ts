// Brings messages from the database into the lanes' queues, by the gap rule: a lane's mark rises to h
// only after a read that began when every transaction that could own a number up to h had ended. Its
// reads run one after another; the sweep is a net under them, and whatever it finds is a defect.

import type { Logger } from 'pino';
import type { World } from '../../shared/world.ts';
import { type EngineDatabase, transaction } from '../database/database.ts';
import { createLowWater } from '../database/low-water.ts';
import { createLaneQueue, type LaneQueue } from './lane-queue.ts';
import type { OutboxMetrics } from './metrics.ts';
import type { OutboxSettings } from './settings.ts';
import {
  fetchAggregate,
  fetchBelow,
  fetchMessages,
  lanesWithWork,
  type LaneRow,
  persistMark,
  readLanes,
} from './store-lanes.ts';
import type { HeldShard } from './store-shards.ts';
import type { StoredMessage } from './stored-message.ts';

export interface Lane {
  readonly laneId: number;
  readonly orgId: string;
  readonly destination: string;
  readonly lease: HeldShard;
  readonly queue: LaneQueue;
  /** The message has left the outbox. */
  done(message: StoredMessage): void;
}

export interface Feed {
  lanes(): readonly Lane[];
  /** Follows the shards we hold and reads what is new. True when there is more to read at once. */
  fetch(held: readonly HeldShard[], wanted: (destination: string) => boolean): Promise<boolean>;
  persistMarks(): Promise<void>;
  sweep(): Promise<number>;
}

interface OpenLane extends Lane {
  low: number;
  persisted: number;
  scan: number;
  /** The mark when the scan left `low`. */
  scanMark: number;
  /** Messages that left while a read was under way: that read may still show them. */
  finished: Set<number> | null;
}

export function createFeed(
  deps: { db: EngineDatabase; world: World; log: Logger; metrics: OutboxMetrics },
  settings: OutboxSettings,
): Feed {
  const { db } = deps;
  const lowWater = createLowWater(db, 'outbox_msg');
  const lanes = new Map<number, OpenLane>();

  const follow = async (held: readonly HeldShard[]): Promise<void> => {
    const epochs = new Map(held.map(({ shard, epoch }) => [shard, epoch]));
    const rows = held.length === 0 ? [] : await readLanes(db, [...epochs.keys()]);
    const seen = new Set(rows.map((row) => row.laneId));
    for (const lane of lanes.values()) {
      if (!seen.has(lane.laneId)) lanes.delete(lane.laneId);
    }
    for (const row of rows) {
      const epoch = epochs.get(row.shard);
      const lane = lanes.get(row.laneId);
      if (epoch === undefined) continue;
      if (lane === undefined || lane.lease.epoch !== epoch) {
        lanes.set(row.laneId, openLane(row, epoch, settings));
      } else if (row.low < lane.persisted) {
        lane.low = lane.scan = Math.min(lane.low, row.low); // a replay put a message back
        lane.persisted = row.low;
      }
    }
  };

  const fetch: Feed['fetch'] = async (held, wanted) => {
    await follow(held);
    const open = [...lanes.values()].filter(
      (lane) => wanted(lane.destination) && lane.queue.size() < settings.heldMax,
    );
    if (open.length === 0) return false;
    await lowWater.advance();
    for (const lane of open) await readOverflows(db, lane, settings);
    const given = open.map((lane) => ({ lane_id: lane.laneId, low: lane.scan }));
    const busy = new Set(await lanesWithWork(db, given));
    let more = false;
    for (const lane of open) {
      if (busy.has(lane.laneId)) more = (await readPage(lane)) || more;
      else if (lane.scan > lane.low) finishScan(lane);
    }
    return more;
  };

  /** One page; true when it was full. */
  const readPage = async (lane: OpenLane): Promise<boolean> => {
    if (lane.scan === lane.low) lane.scanMark = lowWater.mark();
    const page = await whileReading(lane, () =>
      fetchMessages(db, { laneId: lane.laneId, afterPos: lane.scan, limit: settings.fetchMax }),
    );
    lane.queue.offer(page);
    const last = page.at(-1);
    if (last === undefined || page.length < settings.fetchMax) {
      finishScan(lane);
      return false;
    }
    lane.scan = last.pos;
    lane.low = Math.max(lane.low, Math.min(lane.scanMark, last.pos));
    if (lane.scan < lane.low) lane.scan = lane.low;
    return true;
  };

  const persistMarks = async (): Promise<void> => {
    for (const lane of lanes.values()) {
      const lowest = lane.queue.lowest();
      const to = Math.min(lane.low, lowest === null ? lane.low : lowest - 1);
      if (to <= lane.persisted) continue;
      const mark = { laneId: lane.laneId, from: lane.persisted, to, ...lane.lease };
      if (await transaction(db, (tx) => persistMark(tx, mark))) lane.persisted = to;
    }
  };

  const sweep = async (): Promise<number> => {
    let found = 0;
    for (const lane of lanes.values()) found += await sweepLane(db, lane, settings);
    if (found > 0) {
      deps.metrics.swept(found);
      deps.log.error({ found }, 'the sweep found outbox messages below their mark: a defect');
    }
    return found;
  };

  return { lanes: () => [...lanes.values()], fetch, persistMarks, sweep };
}

function openLane(row: LaneRow, epoch: number, settings: OutboxSettings): OpenLane {
  const queue = createLaneQueue(settings);
  const lane: OpenLane = {
    laneId: row.laneId,
    orgId: row.orgId,
    destination: row.destination,
    lease: { shard: row.shard, epoch },
    queue,
    low: row.low,
    persisted: row.low,
    scan: row.low,
    scanMark: 0,
    finished: null,
    done: (message) => {
      lane.finished?.add(message.pos);
      queue.done(message);
    },
  };
  return lane;
}

function finishScan(lane: OpenLane): void {
  lane.low = Math.max(lane.low, lane.scanMark);
  lane.scan = lane.low;
}

async function whileReading(
  lane: OpenLane,
  read: () => Promise<StoredMessage[]>,
): Promise<StoredMessage[]> {
  const finished = new Set<number>();
  lane.finished = finished;
  try {
    return (await read()).filter((message) => !finished.has(message.pos));
  } finally {
    lane.finished = null;
  }
}

async function readOverflows(
  db: EngineDatabase,
  lane: OpenLane,
  settings: OutboxSettings,
): Promise<void> {
  const limit = settings.aggregateHeldMax;
  for (const { aggregate, afterPos } of lane.queue.overflows()) {
    const found = await whileReading(lane, () =>
      fetchAggregate(db, { laneId: lane.laneId, aggregate, afterPos, limit }),
    );
    lane.queue.refill(aggregate, found, found.length < limit);
  }
}

async function sweepLane(
  db: EngineDatabase,
  lane: OpenLane,
  settings: OutboxSettings,
): Promise<number> {
  let found = 0;
  for (let afterPos = 0; ;) {
    const of = { laneId: lane.laneId, afterPos, upToPos: lane.low, limit: settings.fetchMax };
    let read: StoredMessage[] = [];
    const rest = await whileReading(lane, async () => (read = await fetchBelow(db, of)));
    found += lane.queue.offer(rest.filter((message) => !lane.queue.covers(message)));
    const last = read.at(-1);
    if (last === undefined || read.length < settings.fetchMax) return found;
    afterPos = last.pos;
  }
}
