// The messages of one lane in memory: one at a time per aggregate, in order; a waiting aggregate holds
// its own later messages and nobody else's. Owns no SQL and no time. What does not fit is not
// forgotten: the aggregate is read again from the database when its part in memory is done.

import type { Instant } from '../../shared/world.ts';
import type { StoredMessage } from './stored-message.ts';

/** An aggregate that has more in the database than in memory. */
export interface Overflow {
  aggregate: string;
  afterPos: number;
}

interface Aggregate {
  name: string;
  messages: StoredMessage[];
  running: boolean;
  overflow: boolean;
  /** The highest number that has left. */
  lastPos: number;
}

export class LaneQueue {
  readonly #aggregateHeldMax: number;
  readonly #aggregates = new Map<string, Aggregate>();
  readonly #positions = new Set<number>();
  /** In the order in which they became ready. */
  readonly #ready = new Map<string, Aggregate>();
  readonly #waiting = new Map<string, Aggregate>();
  /** Done in memory, with more of them in the database. */
  readonly #unread = new Map<string, Aggregate>();
  #earliest: Instant | null = null;

  constructor(limits: { aggregateHeldMax: number }) {
    this.#aggregateHeldMax = limits.aggregateHeldMax;
  }

  size(): number {
    return this.#positions.size;
  }

  /** Whether the message is in memory, or its aggregate will be read again anyway. */
  covers(message: StoredMessage): boolean {
    const aggregate = this.#aggregates.get(message.aggregate);
    return this.#positions.has(message.pos) || aggregate?.overflow === true;
  }

  /** Takes in messages in the order of their numbers; known ones are passed over. */
  offer(messages: readonly StoredMessage[]): number {
    return messages.filter((message) => this.#add(message)).length;
  }

  /** The next message that is due, of the aggregate that has waited longest; it is now running. */
  next(now: Instant): StoredMessage | null {
    this.#wake(now);
    for (const aggregate of this.#ready.values()) return this.#start(aggregate);
    return null;
  }

  /** Number of the oldest message that is due, without taking it. */
  oldestDue(now: Instant): number | null {
    this.#wake(now);
    let oldest: number | null = null;
    for (const { messages } of this.#ready.values()) {
      const pos = messages[0]?.pos ?? null;
      if (pos !== null && (oldest === null || pos < oldest)) oldest = pos;
    }
    return oldest;
  }

  take(pos: number): StoredMessage | null {
    for (const aggregate of this.#ready.values()) {
      if (aggregate.messages[0]?.pos === pos) return this.#start(aggregate);
    }
    return null;
  }

  /** The running message has left the outbox. */
  done(message: StoredMessage): void {
    const aggregate = this.#aggregates.get(message.aggregate);
    if (aggregate === undefined) return;
    aggregate.messages = aggregate.messages.filter((other) => other !== message);
    aggregate.lastPos = Math.max(aggregate.lastPos, message.pos);
    aggregate.running = false;
    this.#positions.delete(message.pos);
    this.#place(aggregate);
  }

  /** The running message stays and is due again at its `dueAt`; behind an older one that came back meanwhile. */
  again(message: StoredMessage): void {
    const aggregate = this.#aggregates.get(message.aggregate);
    if (aggregate?.messages[0] !== message) return;
    aggregate.running = false;
    // It may wait for that very one, and would wait for ever.
    aggregate.messages.sort((a, b) => a.pos - b.pos);
    this.#place(aggregate);
  }

  /** When the first waiting message falls due; what is ready already does not count. */
  earliestDue(): Instant | null {
    return this.#earliest;
  }

  /** Makes what merely backs off due sooner; what the other side asked to wait for keeps waiting. */
  hasten(dueOf: (message: StoredMessage) => Instant): void {
    for (const { messages } of this.#waiting.values()) {
      const head = messages[0];
      if (head === undefined || head.floor || head.dueAt === null) continue;
      head.dueAt = Math.min(head.dueAt, dueOf(head));
      this.#earliest = soonest(this.#earliest, head.dueAt);
    }
  }

  overflows(): readonly Overflow[] {
    if (this.#unread.size === 0) return [];
    return Array.from(this.#unread.values(), ({ name, lastPos }) => ({
      aggregate: name,
      afterPos: lastPos,
    }));
  }

  /** The answer to an overflow; `complete` when nothing was left behind. */
  refill(name: string, messages: readonly StoredMessage[], complete: boolean): void {
    const aggregate = this.#aggregates.get(name);
    if (aggregate === undefined) return;
    aggregate.overflow = false;
    for (const message of messages) this.#add(message);
    aggregate.overflow = !complete;
    if (!aggregate.running) this.#place(aggregate);
  }

  /** Everything below this number has left, as far as it was ever here; null when nothing is. */
  lowest(): number | null {
    let lowest: number | null = null;
    for (const { messages, lastPos } of this.#aggregates.values()) {
      // Behind a running head an older one may stand.
      for (const { pos } of messages.slice(0, 2)) lowest = soonest(lowest, pos);
      if (messages.length === 0) lowest = soonest(lowest, lastPos + 1);
    }
    return lowest;
  }

  #add(message: StoredMessage): boolean {
    if (this.#positions.has(message.pos)) return false;
    const aggregate = this.#open(message.aggregate);
    if (aggregate.overflow) return false;
    if (aggregate.messages.length >= this.#aggregateHeldMax) {
      aggregate.overflow = true;
      return false;
    }
    const head = aggregate.messages[0];
    insertInOrder(aggregate, message);
    this.#positions.add(message.pos);
    if (aggregate.messages[0] !== head) this.#place(aggregate);
    return true;
  }

  #open(name: string): Aggregate {
    let aggregate = this.#aggregates.get(name);
    if (aggregate === undefined) {
      aggregate = { name, messages: [], running: false, overflow: false, lastPos: 0 };
      this.#aggregates.set(name, aggregate);
    }
    return aggregate;
  }

  #start(aggregate: Aggregate): StoredMessage | null {
    this.#ready.delete(aggregate.name);
    aggregate.running = true;
    return aggregate.messages[0] ?? null;
  }

  /** Puts an aggregate that is not running where its head belongs. */
  #place(aggregate: Aggregate): void {
    const { name } = aggregate;
    for (const place of [this.#ready, this.#waiting, this.#unread]) place.delete(name);
    const head = aggregate.messages[0];
    if (head === undefined) {
      if (aggregate.overflow) this.#unread.set(name, aggregate);
      else this.#aggregates.delete(name);
    } else if (head.dueAt === null) {
      this.#ready.set(name, aggregate);
    } else {
      this.#waiting.set(name, aggregate);
      this.#earliest = soonest(this.#earliest, head.dueAt);
    }
  }

  #wake(now: Instant): void {
    if (this.#earliest === null || this.#earliest > now) return;
    this.#earliest = null;
    for (const aggregate of this.#waiting.values()) {
      const dueAt = aggregate.messages[0]?.dueAt ?? now;
      if (dueAt <= now) {
        this.#waiting.delete(aggregate.name);
        this.#ready.set(aggregate.name, aggregate);
      } else this.#earliest = soonest(this.#earliest, dueAt);
    }
  }
}

function soonest(a: number | null, b: number): number {
  return a === null ? b : Math.min(a, b);
}

/** Numbers of one aggregate arrive in order; a late one (a replay) never overtakes a running head. */
function insertInOrder(aggregate: Aggregate, message: StoredMessage): void {
  const from = aggregate.running ? 1 : 0;
  let at = aggregate.messages.length;
  while (at > from && (aggregate.messages[at - 1]?.pos ?? 0) > message.pos) at -= 1;
  aggregate.messages.splice(at, 0, message);
}
