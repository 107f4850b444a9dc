// The real clock, timers and randomness: the only file of the server that touches them. compose.ts
// hands them in; a simulation hands in its own.

import { randomBytes } from 'node:crypto';
import type { Timer, World } from './shared/world.ts';

const DRAWN_BYTES = 4_096;

export function realWorld(): World {
  return {
    clock: { now: () => Date.now() },
    monotonic: () => performance.now(),
    timers: {
      after: (delayMs, run) => asTimer(setTimeout(run, delayMs), clearTimeout),
      every: (periodMs, run) => asTimer(setInterval(run, periodMs), clearInterval),
    },
    random: { bytes: drawn(randomBytes), fraction: () => Math.random() },
  };
}

/** A call costs as much for 16 bytes as for thousands, and every request draws a few times. */
function drawn(draw: (count: number) => Buffer): (count: number) => Uint8Array {
  let pool: Buffer = Buffer.alloc(0);
  return (count) => {
    if (count > DRAWN_BYTES) return draw(count);
    if (pool.length < count) pool = draw(DRAWN_BYTES);
    const bytes = Buffer.from(pool.subarray(0, count));
    pool.fill(0, 0, count); // what was handed out is nobody else's
    pool = pool.subarray(count);
    return bytes;
  };
}

/** Timers never keep the process alive by themselves: listeners and the worker loop do that. */
function asTimer(handle: NodeJS.Timeout, clear: (handle: NodeJS.Timeout) => void): Timer {
  return { cancel: () => clear(handle) };
}
