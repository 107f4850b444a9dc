// One lane that this engine holds: its queue, and how far the database has been read. `low` is the
// mark: everything up to it has been seen. `scan` runs ahead of it within one reading of several pages.

import { LaneQueue } from './lane-queue.ts';
import type { OutboxSettings } from './settings.ts';
import type { LaneRow } from './store-lanes.ts';
import type { HeldShard } from './store-shards.ts';
import type { StoredMessage } from './stored-message.ts';

export class Lane {
  readonly laneId: number;
  readonly orgId: string;
  readonly destination: string;
  readonly lease: HeldShard;
  readonly queue: LaneQueue;
  low: number;
  scan: number;
  /** What the database knows as our mark. */
  persisted: number;
  replays: number;
  /** The settled height when the scan left `low`. */
  #scanMark = 0;
  /** Messages that left while a read was under way: that read may still show them. */
  #finished: Set<number> | null = null;

  constructor(row: LaneRow, lease: HeldShard, settings: OutboxSettings) {
    this.laneId = row.laneId;
    this.orgId = row.orgId;
    this.destination = row.destination;
    this.lease = lease;
    this.queue = new LaneQueue(settings);
    this.low = row.low;
    this.scan = row.low;
    this.persisted = row.low;
    this.replays = row.replays;
  }

  /** The running message has left the outbox. */
  done(message: StoredMessage): void {
    this.#finished?.add(message.pos);
    this.queue.done(message);
  }

  /** Runs a read and passes over what left meanwhile. */
  async reading(read: () => Promise<StoredMessage[]>): Promise<StoredMessage[]> {
    const finished = new Set<number>();
    this.#finished = finished;
    try {
      return (await read()).filter((message) => !finished.has(message.pos));
    } finally {
      this.#finished = null;
    }
  }

  /** Before a page: a new scan may later lift the mark to what is settled now, and no higher. */
  beginPage(settled: number): void {
    if (this.scan === this.low) this.#scanMark = settled;
  }

  pageWasFull(lastPos: number): void {
    this.low = Math.max(this.low, Math.min(this.#scanMark, lastPos));
    this.scan = Math.max(lastPos, this.low);
  }

  /** Nothing is left above the scan. */
  endScan(): void {
    this.low = Math.max(this.low, this.#scanMark);
    this.scan = this.low;
  }

  /** A replay has put a message back below the mark: everything from there is read again. */
  rewind(row: Pick<LaneRow, 'low' | 'replays'>): void {
    this.low = Math.min(this.low, row.low);
    this.scan = this.low;
    this.persisted = row.low;
    this.replays = row.replays;
  }

  /** How far the mark may be written down: not beyond what is still in memory. */
  writableMark(): number {
    const lowest = this.queue.lowest();
    return lowest === null ? this.low : Math.min(this.low, lowest - 1);
  }
}
