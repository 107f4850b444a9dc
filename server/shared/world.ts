// What the outside gives: time, timers and randomness. Types only; compose.ts hands in the real ones,
// a test or a simulation hands in its own. Nothing else in the server reads a clock or rolls dice.

/** Milliseconds since 1970-01-01T00:00:00Z, an integer. */
export type Instant = number;

export interface Clock {
  /** Wall time. May step; never measure a duration with it. */
  now(): Instant;
}

/** Milliseconds from an arbitrary start, never stepping back; for durations and deadlines. */
export type Monotonic = () => number;

export interface Timer {
  cancel(): void;
}

export interface Timers {
  after(delayMs: number, run: () => void): Timer;
  every(periodMs: number, run: () => void): Timer;
}

export interface Random {
  /** Cryptographically strong bytes. */
  bytes(count: number): Uint8Array;
  /** Uniform in [0, 1); for jitter, never for secrets. */
  fraction(): number;
}

export interface World {
  clock: Clock;
  monotonic: Monotonic;
  timers: Timers;
  random: Random;
}

/** Resolves after the delay, or at once when the signal is (or becomes) aborted. */
export function pause(timers: Timers, delayMs: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = timers.after(delayMs, done);
    signal?.addEventListener('abort', done, { once: true });
  });
}
