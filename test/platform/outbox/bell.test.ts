import { describe, expect, test } from '@jest/globals';
import { createBell } from '../../../server/platform/outbox/bell.ts';
import { createTestWorld } from '../../support/world.ts';

describe('a bell', () => {
  test('that rang before anybody waited is remembered, once', async () => {
    const world = createTestWorld({ timers: 'virtual' });
    const bell = createBell();
    bell.ring();
    bell.ring();
    await bell.wait(world.timers, 1_000);
    let woken = false;
    const second = bell.wait(world.timers, 1_000).then(() => (woken = true));
    await Promise.resolve();
    expect(woken).toBe(false);
    world.clock.advance(1_000);
    await second;
  });

  test('wakes whoever waits', async () => {
    const world = createTestWorld({ timers: 'virtual' });
    const bell = createBell();
    const waiting = bell.wait(world.timers, 1_000_000);
    bell.ring();
    await waiting;
  });
});
