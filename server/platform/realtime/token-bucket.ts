// A token bucket: so many per second, and a burst. Pure but for the clock it is given. The rate is read
// each time: it may change.

import type { Monotonic } from '../../shared/world.ts';

export interface TokenBucket {
  /** Takes one token; false when there is none. */
  take(): boolean;
  /** Milliseconds until there is one. */
  waitMs(): number;
}

export function createTokenBucket(
  monotonic: Monotonic,
  rate: Readonly<{ perSecond: number; burst: number }>,
): TokenBucket {
  let tokens = rate.burst;
  let filledAt = monotonic();
  const fill = (): void => {
    const { perSecond, burst } = rate;
    const now = monotonic();
    tokens = Math.min(burst, tokens + ((now - filledAt) * perSecond) / 1_000);
    filledAt = now;
  };
  return {
    take: () => {
      fill();
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    waitMs: () => {
      fill();
      return tokens >= 1 ? 0 : Math.ceil(((1 - tokens) * 1_000) / rate.perSecond);
    },
  };
}
