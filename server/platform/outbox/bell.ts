// A hint that there may be work. Rings coalesce; a ring nobody waits for is remembered. Losing one
// costs no more than a poll interval, so it is never relied upon.

import type { Timers } from '../../shared/world.ts';

export interface Bell {
  ring(): void;
  /** Resolves at the next ring (at once when it rang since the last wait), or when the time is up. */
  wait(timers: Timers, timeoutMs: number): Promise<void>;
}

export function createBell(): Bell {
  let rang = false;
  let wake: (() => void) | null = null;
  return {
    ring: () => {
      rang = true;
      // In a turn of its own: whoever rings, after a commit, has somebody to answer first.
      if (wake !== null) setImmediate(() => wake?.());
    },
    wait: (timers, timeoutMs) =>
      new Promise((resolve) => {
        const finish = (): void => {
          timer.cancel();
          wake = null;
          rang = false;
          resolve();
        };
        const timer = timers.after(timeoutMs, finish);
        wake = finish;
        if (rang) finish();
      }),
  };
}
