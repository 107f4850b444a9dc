// Brings messages from the database into the lanes' queues, by the gap rule: a lane's mark rises to h
// only after a read that began when every transaction that could own a number up to h had ended. Its
// reads run one after another; the sweep is a net under them, and whatever it finds is a defect.

import type { Logger } from 'pino';
import { type EngineDatabase, transaction } from '../database/database.ts';
import { createLowWater, type LowWater } from '../database/low-water.ts';
import { Lane } from './lane.ts';
import type { OutboxMetrics } from './metrics.ts';
import type { OutboxSettings } from './settings.ts';
import {
  fetchAggregate,
  fetchBelow,
  fetchMessages,
  lanesWithWork,
  persistMark,
  readLanes,
} from './store-lanes.ts';
import type { HeldShard } from './store-shards.ts';
import type { StoredMessage } from './stored-message.ts';

export interface FeedDeps {
  db: EngineDatabase;
  log: Logger;
  metrics: OutboxMetrics;
}

export class Feed {
  readonly #deps: FeedDeps;
  readonly #settings: OutboxSettings;
  readonly #lowWater: LowWater;
  readonly #lanes = new Map<number, Lane>();

  constructor(deps: FeedDeps, settings: OutboxSettings) {
    this.#deps = deps;
    this.#settings = settings;
    this.#lowWater = createLowWater(deps.db, 'outbox_msg');
  }

  lanes(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  /** Follows the shards we hold and reads what is new. True when there is more to read at once. */
  async fetch(
    held: readonly HeldShard[],
    wanted: (destination: string) => boolean,
  ): Promise<boolean> {
    await this.#follow(held);
    const open = this.lanes().filter(
      (lane) => wanted(lane.destination) && lane.queue.size() < this.#settings.heldMax,
    );
    if (open.length === 0) return false;
    await this.#lowWater.advance();
    for (const lane of open) await this.#readOverflows(lane);
    const asked = open.map((lane) => ({ lane_id: lane.laneId, low: lane.scan }));
    const busy = new Set(await lanesWithWork(this.#deps.db, asked));
    let more = false;
    for (const lane of open) {
      if (busy.has(lane.laneId)) more = (await this.#readPage(lane)) || more;
      else if (lane.scan > lane.low) lane.endScan();
    }
    return more;
  }

  /** So that a new owner, or a restart, does not walk what was handled long ago. */
  async persistMarks(): Promise<void> {
    for (const lane of this.#lanes.values()) {
      const to = lane.writableMark();
      if (to <= lane.persisted) continue;
      const mark = { laneId: lane.laneId, replays: lane.replays, to, ...lane.lease };
      if (await transaction(this.#deps.db, (tx) => persistMark(tx, mark))) lane.persisted = to;
    }
  }

  async sweep(): Promise<number> {
    let found = 0;
    for (const lane of this.#lanes.values()) {
      const below = await this.#sweepLane(lane);
      // A replay brings a message back below the mark by intent, and says so in its own transaction.
      if (below > 0 && !(await this.#wasRewound(lane))) found += below;
    }
    if (found > 0) {
      this.#deps.metrics.swept(found);
      this.#deps.log.error({ found }, 'outbox messages were found below their mark: a defect');
    }
    return found;
  }

  async #wasRewound({ laneId, lease, replays }: Lane): Promise<boolean> {
    const rows = await readLanes(this.#deps.db, [lease.shard]);
    return rows.find((row) => row.laneId === laneId)?.replays !== replays;
  }

  async #follow(held: readonly HeldShard[]): Promise<void> {
    const epochs = new Map(held.map(({ shard, epoch }) => [shard, epoch]));
    const rows = held.length === 0 ? [] : await readLanes(this.#deps.db, [...epochs.keys()]);
    const seen = new Set(rows.map((row) => row.laneId));
    for (const { laneId } of this.#lanes.values()) {
      if (!seen.has(laneId)) this.#lanes.delete(laneId);
    }
    for (const row of rows) {
      const epoch = epochs.get(row.shard) ?? 0;
      const lane = this.#lanes.get(row.laneId);
      if (lane?.lease.epoch !== epoch) {
        this.#lanes.set(row.laneId, new Lane(row, { shard: row.shard, epoch }, this.#settings));
      } else if (row.replays !== lane.replays) lane.rewind(row);
    }
  }

  /** One page; true when it was full. */
  async #readPage(lane: Lane): Promise<boolean> {
    const limit = this.#settings.fetchMax;
    lane.beginPage(this.#lowWater.mark());
    let page: StoredMessage[] = [];
    const present = await lane.reading(async () => {
      page = await fetchMessages(this.#deps.db, {
        laneId: lane.laneId,
        afterPos: lane.scan,
        limit,
      });
      return page;
    });
    lane.queue.offer(present);
    const last = page.at(-1);
    if (last === undefined || page.length < limit) {
      lane.endScan();
      return false;
    }
    lane.pageWasFull(last.pos);
    return true;
  }

  async #readOverflows(lane: Lane): Promise<void> {
    const limit = this.#settings.aggregateHeldMax;
    for (const { aggregate, afterPos } of lane.queue.overflows()) {
      const of = { laneId: lane.laneId, aggregate, afterPos, limit };
      const found = await lane.reading(() => fetchAggregate(this.#deps.db, of));
      lane.queue.refill(aggregate, found, found.length < limit);
    }
  }

  async #sweepLane(lane: Lane): Promise<number> {
    const limit = this.#settings.fetchMax;
    let found = 0;
    for (let afterPos = 0; ;) {
      const of = { laneId: lane.laneId, afterPos, upToPos: lane.low, limit };
      let page: StoredMessage[] = [];
      const present = await lane.reading(async () => (page = await fetchBelow(this.#deps.db, of)));
      found += lane.queue.offer(present.filter((message) => !lane.queue.covers(message)));
      const last = page.at(-1);
      if (last === undefined || page.length < limit) return found;
      afterPos = last.pos;
    }
  }
}
