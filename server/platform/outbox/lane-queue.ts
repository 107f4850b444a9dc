// The messages of one lane in memory: one at a time per aggregate, in order; a waiting aggregate holds
// its own later messages and nobody else's. Owns no SQL and no time. What does not fit is not
// forgotten: the aggregate is read again from the database when its part in memory is done.

import type { Instant } from '../../shared/world.ts';
import type { StoredMessage } from './stored-message.ts';

export interface LaneQueueLimits {
  aggregateHeldMax: number;
}

/** An aggregate that has more in the database than in memory. */
export interface Overflow {
  aggregate: string;
  afterPos: number;
}

export interface LaneQueue {
  size(): number;
  /** Whether the message is in memory, or its aggregate will be read again anyway. */
  covers(message: StoredMessage): boolean;
  /** Takes in messages in the order of their numbers; known ones are passed over. */
  offer(messages: readonly StoredMessage[]): number;
  /** The next message that is due, of the aggregate that has waited longest; it is now running. */
  next(now: Instant): StoredMessage | null;
  /** Number of the oldest message that is due, without taking it. */
  oldestDue(now: Instant): number | null;
  take(pos: number): StoredMessage | null;
  /** The running message has left the outbox. */
  done(message: StoredMessage): void;
  /** The running message stays at the head of its aggregate and is due again later. */
  again(message: StoredMessage): void;
  /** When the first waiting message falls due; what is ready already does not count. */
  earliestDue(): Instant | null;
  /** Makes what merely backs off due again; what the other side asked to wait for keeps waiting. */
  hasten(dueOf: (message: StoredMessage) => Instant): void;
  overflows(): readonly Overflow[];
  /** The answer to an overflow; `complete` when nothing was left behind. */
  refill(aggregate: string, messages: readonly StoredMessage[], complete: boolean): void;
  /** Nothing at or above this number has left the queue while lower ones are still in it. */
  lowest(): number | null;
}

type AggregateState = 'ready' | 'waiting' | 'running' | 'emptied';

interface Aggregate {
  name: string;
  messages: StoredMessage[];
  state: AggregateState;
  overflow: boolean;
  lastPos: number;
}

export function createLaneQueue(limits: LaneQueueLimits): LaneQueue {
  const aggregates = new Map<string, Aggregate>();
  const positions = new Set<number>();
  const ready = new Map<string, Aggregate>(); // in the order in which they became ready
  const waiting = new Map<string, Aggregate>();
  const unread = new Map<string, Aggregate>(); // done in memory, more of them in the database
  let earliest: Instant | null = null;

  const place = (aggregate: Aggregate): void => {
    ready.delete(aggregate.name);
    waiting.delete(aggregate.name);
    const head = aggregate.messages[0];
    if (head === undefined) {
      aggregate.state = 'emptied';
      if (aggregate.overflow) unread.set(aggregate.name, aggregate);
      else aggregates.delete(aggregate.name);
      return;
    }
    unread.delete(aggregate.name);
    if (head.dueAt === null) {
      aggregate.state = 'ready';
      ready.set(aggregate.name, aggregate);
      return;
    }
    aggregate.state = 'waiting';
    waiting.set(aggregate.name, aggregate);
    earliest = earliest === null ? head.dueAt : Math.min(earliest, head.dueAt);
  };

  const wake = (now: Instant): void => {
    if (earliest === null || earliest > now) return;
    earliest = null;
    for (const aggregate of [...waiting.values()]) {
      const dueAt = aggregate.messages[0]?.dueAt ?? now;
      if (dueAt <= now) {
        waiting.delete(aggregate.name);
        aggregate.state = 'ready';
        ready.set(aggregate.name, aggregate);
      } else earliest = earliest === null ? dueAt : Math.min(earliest, dueAt);
    }
  };

  const add = (message: StoredMessage): boolean => {
    if (positions.has(message.pos)) return false;
    let aggregate = aggregates.get(message.aggregate);
    if (aggregate === undefined) {
      aggregate = {
        name: message.aggregate,
        messages: [],
        state: 'emptied',
        overflow: false,
        lastPos: 0,
      };
      aggregates.set(message.aggregate, aggregate);
    }
    if (aggregate.overflow) return false;
    if (aggregate.messages.length >= limits.aggregateHeldMax) {
      aggregate.overflow = true;
      return false;
    }
    const head = aggregate.messages[0];
    insertInOrder(aggregate, message);
    positions.add(message.pos);
    if (aggregate.messages[0] !== head) place(aggregate);
    return true;
  };

  const start = (aggregate: Aggregate): StoredMessage | null => {
    ready.delete(aggregate.name);
    aggregate.state = 'running';
    return aggregate.messages[0] ?? null;
  };

  const leave = (message: StoredMessage): void => {
    const aggregate = aggregates.get(message.aggregate);
    if (aggregate === undefined) return;
    aggregate.messages = aggregate.messages.filter((other) => other !== message);
    aggregate.lastPos = Math.max(aggregate.lastPos, message.pos);
    positions.delete(message.pos);
    place(aggregate);
  };

  return {
    size: () => positions.size,
    covers: (message) =>
      positions.has(message.pos) || aggregates.get(message.aggregate)?.overflow === true,
    offer: (messages) => messages.filter(add).length,
    next: (now) => {
      wake(now);
      for (const aggregate of ready.values()) return start(aggregate);
      return null;
    },
    oldestDue: (now) => {
      wake(now);
      let oldest: number | null = null;
      for (const { messages } of ready.values()) {
        const pos = messages[0]?.pos ?? null;
        if (pos !== null && (oldest === null || pos < oldest)) oldest = pos;
      }
      return oldest;
    },
    take: (pos) => {
      for (const aggregate of ready.values()) {
        if (aggregate.messages[0]?.pos === pos) return start(aggregate);
      }
      return null;
    },
    done: leave,
    again: (message) => {
      const aggregate = aggregates.get(message.aggregate);
      if (aggregate?.messages[0] === message) place(aggregate);
    },
    earliestDue: () => earliest,
    hasten: (dueOf) => {
      for (const { messages } of waiting.values()) {
        const head = messages[0];
        if (head === undefined || head.floor || head.dueAt === null) continue;
        head.dueAt = Math.min(head.dueAt, dueOf(head));
        earliest = earliest === null ? head.dueAt : Math.min(earliest, head.dueAt);
      }
    },
    overflows: () =>
      [...unread.values()].map(({ name, lastPos }) => ({ aggregate: name, afterPos: lastPos })),
    refill: (name, messages, complete) => {
      const aggregate = aggregates.get(name);
      if (aggregate === undefined) return;
      unread.delete(name);
      aggregate.overflow = false;
      for (const message of messages) add(message);
      aggregate.overflow = !complete;
      place(aggregate);
    },
    lowest: () => {
      let lowest: number | null = null;
      for (const { messages, lastPos } of aggregates.values()) {
        const pos = messages[0]?.pos ?? lastPos + 1;
        if (lowest === null || pos < lowest) lowest = pos;
      }
      return lowest;
    },
  };
}

/** Numbers of one aggregate arrive in order; a late one (a replay) still never overtakes the head. */
function insertInOrder(aggregate: Aggregate, message: StoredMessage): void {
  const from = aggregate.state === 'running' ? 1 : 0;
  let at = aggregate.messages.length;
  while (at > from && (aggregate.messages[at - 1]?.pos ?? 0) > message.pos) at -= 1;
  aggregate.messages.splice(at, 0, message);
}
