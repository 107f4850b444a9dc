// A world a test can rule: a clock that stands until it is moved, seeded randomness, and timers that
// are real or fired by moving the clock. `TEST_SEED` repeats a run.

import type {
  Clock,
  Instant,
  Monotonic,
  Random,
  Timer,
  Timers,
  World,
} from '../../server/shared/world.ts';

export interface TestClock extends Clock {
  set(at: Instant): void;
  /** Moves wall and monotonic time; virtual timers that fall due run, in order. */
  advance(byMs: number): void;
}

export interface TestWorld extends World {
  clock: TestClock;
  seed: number;
}

export interface TestWorldOptions {
  start?: Instant;
  seed?: number;
  /** `virtual` timers fire only through `clock.advance`. */
  timers?: 'real' | 'virtual';
  /** Wall time as it is, plus what the test advanced it by. */
  clock?: 'standing' | 'running';
}

export const TEST_START: Instant = Date.UTC(2026, 10, 21, 9, 0, 0);

let worldsMade = 0;

export function createTestWorld(options: TestWorldOptions = {}): TestWorld {
  worldsMade += 1;
  const seed = options.seed ?? Number(process.env['TEST_SEED'] ?? 1) * 1_000 + worldsMade;
  const running = options.clock === 'running';
  const origin = performance.now();
  const elapsed = (): number => (running ? performance.now() - origin : 0);
  let wall = options.start ?? TEST_START;
  let moved = 0;
  const virtual = createVirtualTimers(() => moved);
  const clock: TestClock = {
    now: () => Math.floor(wall + elapsed()),
    set: (at) => void (wall = at - elapsed()),
    advance: (byMs) => {
      const target = moved + byMs;
      virtual.runUntil(target, (at) => {
        wall += at - moved;
        moved = at;
      });
    },
  };
  const monotonic: Monotonic = () => moved + elapsed();
  return {
    seed,
    clock,
    monotonic,
    timers: options.timers === 'virtual' ? virtual.timers : realTimers(),
    random: seededRandom(seed),
  };
}

interface VirtualTimers {
  timers: Timers;
  runUntil(target: number, moveTo: (at: number) => void): void;
}

function createVirtualTimers(now: () => number): VirtualTimers {
  let due: { at: number; order: number; run: () => void; periodMs: number | null }[] = [];
  let order = 0;
  const add = (delayMs: number, run: () => void, periodMs: number | null): Timer => {
    const entry = { at: now() + delayMs, order: (order += 1), run, periodMs };
    due.push(entry);
    return { cancel: () => void (due = due.filter((other) => other !== entry)) };
  };
  const runUntil = (target: number, moveTo: (at: number) => void): void => {
    for (;;) {
      due.sort((a, b) => a.at - b.at || a.order - b.order);
      const next = due[0];
      if (next === undefined || next.at > target) break;
      moveTo(next.at);
      if (next.periodMs === null) due.shift();
      else next.at += next.periodMs;
      next.run();
    }
    moveTo(target);
  };
  return {
    timers: {
      after: (delayMs, run) => add(delayMs, run, null),
      every: (periodMs, run) => add(periodMs, run, periodMs),
    },
    runUntil,
  };
}

/** Real timers that never keep a test run alive. */
export function realTimers(): Timers {
  return {
    after: (delayMs, run) => {
      const handle = setTimeout(run, delayMs).unref();
      return { cancel: () => clearTimeout(handle) };
    },
    every: (periodMs, run) => {
      const handle = setInterval(run, periodMs).unref();
      return { cancel: () => clearInterval(handle) };
    },
  };
}

/** mulberry32: small, good enough to draw ids and jitter from, the same on every machine. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const fraction = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    fraction,
    bytes: (count) => Uint8Array.from({ length: count }, () => Math.floor(fraction() * 256)),
  };
}
