import { describe, expect, test } from '@jest/globals';
import { backoffFromFloorMs, backoffMs } from '../../../server/platform/outbox/backoff.ts';
import { seededRandom } from '../../support/world.ts';

const LIMITS = { backoffBaseMs: 500, backoffCapMs: 300_000 };

describe('full jitter', () => {
  test('draws from the whole range below min(cap, base * 2^n), seeded', () => {
    const random = seededRandom(7);
    for (const failures of [1, 2, 3, 5, 8, 12, 20, 60]) {
      const ceiling = Math.min(LIMITS.backoffCapMs, LIMITS.backoffBaseMs * 2 ** (failures - 1));
      const draws = Array.from({ length: 2_000 }, () =>
        backoffMs(LIMITS, failures, random.fraction()),
      );
      expect(Math.min(...draws)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...draws)).toBeLessThan(ceiling);
      // Full, not half or none: the lowest and the highest tenth are both reached, the mean is half.
      expect(Math.min(...draws)).toBeLessThan(ceiling / 10);
      expect(Math.max(...draws)).toBeGreaterThan(ceiling * 0.9);
      const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
      expect(Math.abs(mean - ceiling / 2)).toBeLessThan(ceiling * 0.03);
    }
  });

  test('never comes before a floor, and not far after it', () => {
    const random = seededRandom(8);
    for (let n = 0; n < 500; n += 1) {
      const delay = backoffFromFloorMs(LIMITS, 10_000, random.fraction());
      expect(delay).toBeGreaterThanOrEqual(10_000);
      expect(delay).toBeLessThan(10_500);
    }
  });
});
