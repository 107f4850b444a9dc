// A question against its deadline, by a clock that stands: what the device is told is what is true.

import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { pino } from 'pino';
import { createDecisionLane } from '../../../server/domains/devices/gateway/decision-lane.ts';
import type { Decision, DeviceContext } from '../../../server/domains/devices/index.ts';
import { createTestWorld } from '../../support/world.ts';

const ASK = { t: 'ask', id: 'opr_0000000000000001', kind: 'pay', deadline_ms: 500, p: {} };
const APPROVED = { decision: 'approved', reason: null } as const;
const EXPIRED = { decision: 'expired', reason: null } as const;
type Truth = { decision: 'approved' | 'expired'; reason: null };

function openLane(changes: Partial<Decision> = {}) {
  const world = createTestWorld({ timers: 'virtual' });
  const sent: Record<string, unknown>[] = [];
  const calls: string[] = [];
  const committed = Promise.withResolvers<Truth>();
  const lane = createDecisionLane({
    world,
    log: pino({ enabled: false }),
    decisions: {
      pay: {
        decide: () => committed.promise,
        giveUp: async () => {
          calls.push('giveUp');
          return EXPIRED;
        },
        ...changes,
      },
    },
    deadlineMsMax: 5_000,
    context: () => ({}) as DeviceContext,
    send: (frame) => void sent.push(frame as Record<string, unknown>),
    observe: () => undefined,
  });
  const told = (): unknown[] => sent.map(({ decision, reason }) => [decision, reason]);
  return { world, lane, calls, committed, told };
}

describe('a question', () => {
  test('decided in time is told, and never given up', async () => {
    const { world, lane, calls, committed, told } = openLane();
    lane.receive(ASK);
    world.clock.advance(499);
    committed.resolve(APPROVED);
    await turn();
    world.clock.advance(10_000);
    await turn();
    expect([told(), calls]).toEqual([[['approved', null]], []]);
  });

  test('is told as expired only after that was made true', async () => {
    const written = Promise.withResolvers<Truth>();
    const { world, lane, committed, told } = openLane({ giveUp: () => written.promise });
    lane.receive(ASK);
    world.clock.advance(500);
    committed.resolve(APPROVED); // a commit that was under way
    await turn();
    expect(told()).toEqual([]);
    written.resolve(EXPIRED);
    await turn();
    expect(told()).toEqual([['expired', null]]);
  });

  test('whose decision could not be taken back is told the decision', async () => {
    const { world, lane, told } = openLane({ giveUp: async () => APPROVED });
    lane.receive(ASK);
    world.clock.advance(500);
    await turn();
    expect(told()).toEqual([['approved', null]]);
  });

  test('decided in time and noticed late, by a busy process, is given up all the same', async () => {
    const { world, lane, calls, committed, told } = openLane();
    lane.receive(ASK);
    committed.resolve(APPROVED);
    world.clock.advance(700);
    await turn();
    expect([told(), calls]).toEqual([[['expired', null]], ['giveUp']]);
  });

  test('whose end cannot be written is an error to ask again for, never expired', async () => {
    const { world, lane, told } = openLane({
      giveUp: () => Promise.reject(new Error('no database')),
    });
    lane.receive(ASK);
    world.clock.advance(500);
    await turn();
    expect(told()).toEqual([['error', 'unavailable']]);
  });

  test('of a connection that is gone is neither answered nor taken back', async () => {
    const { world, lane, calls, committed, told } = openLane();
    lane.receive(ASK);
    lane.close();
    committed.resolve(APPROVED);
    world.clock.advance(10_000);
    await turn();
    expect([told(), calls]).toEqual([[], []]);
  });
});
