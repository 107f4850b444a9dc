// The real clock, timers and randomness: the only file of the server that touches them. compose.ts
// hands them in; a simulation hands in its own.

import { randomBytes } from 'node:crypto';
import type { Timer, World } from './shared/world.ts';

export function realWorld(): World {
  return {
    clock: { now: () => Date.now() },
    monotonic: () => performance.now(),
    timers: {
      after: (delayMs, run) => asTimer(setTimeout(run, delayMs), clearTimeout),
      every: (periodMs, run) => asTimer(setInterval(run, periodMs), clearInterval),
    },
    random: { bytes: (count) => randomBytes(count), fraction: () => Math.random() },
  };
}

/** Timers never keep the process alive by themselves: listeners and the worker loop do that. */
function asTimer(handle: NodeJS.Timeout, clear: (handle: NodeJS.Timeout) => void): Timer {
  return { cancel: () => clear(handle) };
}
