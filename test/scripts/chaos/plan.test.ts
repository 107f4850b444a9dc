// The plan of a rehearsal: the same seed repeats it, and every window is in it as often as it must be hit.

import { describe, expect, test } from '@jest/globals';
import { HITS_MIN, KILLS_MIN, planKills, WINDOWS } from '../../../scripts/chaos/plan.ts';
import { seeded } from '../../../scripts/chaos/random.ts';

const plan = (seed: number, kills: number) => planKills(seeded(seed), { kills, terminals: 4 });

describe('the plan of a rehearsal', () => {
  test('the same seed gives the same plan, another seed another one', () => {
    expect(plan(7, 50)).toEqual(plan(7, 50));
    expect(plan(7, 50)).not.toEqual(plan(8, 50));
  });

  test.each([KILLS_MIN, 20, 50, 200])('%i kills hit every window and kill everybody', (kills) => {
    for (let seed = 0; seed < 20; seed += 1) {
      const planned = plan(seed, kills);
      expect(planned).toHaveLength(kills);
      for (const window of WINDOWS) {
        const hits = planned.filter((kill) => kill.victim === 'server' && kill.window === window);
        expect(hits.length).toBeGreaterThanOrEqual(HITS_MIN);
      }
      const victims = new Set(planned.map(({ victim }) => victim));
      expect([...victims].toSorted()).toEqual(['server', 'stripe', 'terminal', 'veriff']);
    }
  });
});

describe('seeded randomness', () => {
  test('is uniform enough: no tenth of the range gets less than half or more than twice its share', () => {
    const random = seeded(1);
    const tenths = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 10_000; draw += 1) {
      const tenth = Math.floor(random.fraction() * 10);
      tenths[tenth] = (tenths[tenth] ?? 0) + 1;
    }
    expect(Math.min(...tenths)).toBeGreaterThan(500);
    expect(Math.max(...tenths)).toBeLessThan(2_000);
  });

  test('a shuffle keeps everything', () => {
    const list = Array.from({ length: 40 }, (_none, index) => index);
    const shuffled = seeded(3).shuffle(list);
    expect(shuffled).not.toEqual(list);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(list);
  });
});
