// The order of a lane, against a model: random offers, completions, retries, overflows.

import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LaneQueue } from '../../../server/platform/outbox/lane-queue.ts';
import type { StoredMessage } from '../../../server/platform/outbox/stored-message.ts';

function message(pos: number, aggregate: string, dueAt: number | null = null): StoredMessage {
  return {
    pos,
    aggregate,
    dueAt,
    orgId: 'org',
    laneId: 1,
    type: 'test',
    uid: `u${pos}`,
    bodyText: '{}',
    traceId: null,
    createdAt: 0,
    attempts: 0,
    failures: 0,
    doubts: 0,
    state: null,
    floor: false,
  };
}

function drain(queue: LaneQueue, now = 0): number[] {
  const order: number[] = [];
  for (let next = queue.next(now); next !== null; next = queue.next(now)) {
    order.push(next.pos);
    queue.done(next);
  }
  return order;
}

describe('a lane queue', () => {
  test('takes turns between aggregates and keeps the order within each', () => {
    const queue = new LaneQueue({ aggregateHeldMax: 10 });
    queue.offer([
      message(1, 'a'),
      message(2, 'a'),
      message(3, 'b'),
      message(4, 'b'),
      message(5, 'a'),
    ]);
    expect(drain(queue)).toEqual([1, 3, 2, 4, 5]);
    expect(queue.size()).toBe(0);
  });

  test('runs one message of an aggregate at a time', () => {
    const queue = new LaneQueue({ aggregateHeldMax: 10 });
    queue.offer([message(1, 'a'), message(2, 'a')]);
    const first = queue.next(0);
    expect(first?.pos).toBe(1);
    expect(queue.next(0)).toBeNull();
    queue.offer([message(3, 'a')]);
    expect(queue.next(0)).toBeNull();
  });

  test('holds only the aggregate that waits, until it is due', () => {
    const queue = new LaneQueue({ aggregateHeldMax: 10 });
    queue.offer([message(1, 'a'), message(2, 'a'), message(3, 'b')]);
    const head = queue.next(0);
    if (head === null) throw new Error('nothing was ready');
    head.dueAt = 100;
    queue.again(head);
    expect(drain(queue, 99)).toEqual([3]);
    expect(queue.earliestDue()).toBe(100);
    expect(drain(queue, 100)).toEqual([1, 2]);
  });

  test('makes what backs off due sooner, but not what was asked to wait', () => {
    const queue = new LaneQueue({ aggregateHeldMax: 10 });
    const asked = { ...message(2, 'b', 9_000), floor: true };
    queue.offer([message(1, 'a', 9_000), asked]);
    queue.hasten(() => 50);
    expect(drain(queue, 50)).toEqual([1]);
    expect(drain(queue, 9_000)).toEqual([2]);
  });

  test('finds the oldest message that is due, whoever has waited longest', () => {
    const queue = new LaneQueue({ aggregateHeldMax: 10 });
    queue.offer([message(7, 'a'), message(3, 'b'), message(2, 'c', 500)]);
    expect(queue.oldestDue(0)).toBe(3);
    expect(queue.oldestDue(500)).toBe(2);
    expect(queue.take(2)?.pos).toBe(2);
    expect(queue.take(2)).toBeNull();
  });

  test('says below which number nothing is held, overflowing aggregates included', () => {
    const queue = new LaneQueue({ aggregateHeldMax: 1 });
    queue.offer([message(4, 'a'), message(5, 'a'), message(9, 'b')]);
    expect(queue.lowest()).toBe(4);
    const head = queue.next(0);
    if (head === null) throw new Error('nothing was ready');
    queue.done(head);
    expect(queue.overflows()).toEqual([{ aggregate: 'a', afterPos: 4 }]);
    expect(queue.lowest()).toBe(5);
  });

  test('lets an older one that came back go before the running one that waits for it', () => {
    const queue = new LaneQueue({ aggregateHeldMax: 10 });
    queue.offer([message(5, 'a'), message(6, 'a')]);
    const later = queue.next(0) as StoredMessage;
    expect(later.pos).toBe(5);
    queue.offer([message(2, 'a')]);
    expect(queue.lowest()).toBe(2);
    later.dueAt = 1_000;
    queue.again(later);
    expect(drain(queue, 0)).toEqual([2]);
    expect(drain(queue, 1_000)).toEqual([5, 6]);
  });

  test('loses nothing and never changes an order, whatever happens in between', () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('arrive' as const),
        aggregate: fc.integer({ min: 0, max: 3 }),
      }),
      fc.record({ kind: fc.constant('start' as const) }),
      fc.record({ kind: fc.constant('finish' as const), retry: fc.boolean() }),
      fc.record({ kind: fc.constant('read' as const) }),
    );
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 120, size: 'max' }),
        fc.integer({ min: 1, max: 4 }),
        (steps, max) => {
          const queue = new LaneQueue({ aggregateHeldMax: max });
          const table = new Map<number, StoredMessage>(); // what the database holds
          const running: StoredMessage[] = [];
          const done: StoredMessage[] = [];
          let pos = 0;
          const finish = (retry: boolean): void => {
            const one = running.shift();
            if (one === undefined) return;
            if (retry) return queue.again(one);
            table.delete(one.pos);
            done.push(one);
            queue.done(one);
          };
          const read = (): void => {
            for (const { aggregate, afterPos } of queue.overflows()) {
              const rows = [...table.values()].filter(
                (m) => m.aggregate === aggregate && m.pos > afterPos,
              );
              queue.refill(aggregate, rows.slice(0, max), rows.length < max);
            }
          };
          for (const each of steps) {
            if (each.kind === 'arrive') {
              const arrived = message((pos += 1), `agg${each.aggregate}`);
              table.set(pos, arrived);
              queue.offer([arrived]);
            } else if (each.kind === 'start') {
              const next = queue.next(0);
              if (next === null) continue;
              expect(running.some((other) => other.aggregate === next.aggregate)).toBe(false);
              running.push(next);
            } else if (each.kind === 'finish') finish(each.retry);
            else read();
          }
          for (let rounds = 0; table.size > 0 && rounds < 1_000; rounds += 1) {
            const next = queue.next(0);
            if (next !== null) running.push(next);
            finish(false);
            read();
          }
          expect(table.size).toBe(0);
          expect(queue.size()).toBe(0);
          for (const aggregate of ['agg0', 'agg1', 'agg2', 'agg3']) {
            const order = done.filter((m) => m.aggregate === aggregate).map((m) => m.pos);
            expect(order).toEqual(order.toSorted((a, b) => a - b));
          }
        },
      ),
      { seed: Number(process.env['TEST_SEED'] ?? 20_261_121), numRuns: 400 },
    );
  });
});
