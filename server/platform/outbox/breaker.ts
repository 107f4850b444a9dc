// The breaker of one destination as a pure machine: closed, open for a while, half-open for exactly
// one probe. Time and chance are handed in.

import type { Instant } from '../../shared/world.ts';

export type BreakerState = 'closed' | 'open' | 'half_open';

export interface Breaker {
  state: BreakerState;
  /** In a row, across openings. */
  failures: number;
  /** While open: until when. While half-open: until when the probe holds it. */
  until: Instant | null;
}

export interface BreakerLimits {
  failuresToOpen: number;
  openMs: number;
  openMsMax: number;
  probeMs: number;
}

export const CLOSED: Breaker = { state: 'closed', failures: 0, until: null };

export function afterSuccess(breaker: Breaker, now: Instant): Breaker {
  // A straggler from before the opening is no proof of now, but a reason to look at once.
  return breaker.state === 'open' ? { ...breaker, until: now } : CLOSED;
}

export function afterFailure(
  breaker: Breaker,
  limits: BreakerLimits,
  { now, fraction }: { now: Instant; fraction: number },
): Breaker {
  if (breaker.state === 'open') return breaker; // stragglers of the same burst are one failure
  const failures = breaker.failures + 1;
  if (breaker.state === 'closed' && failures < limits.failuresToOpen) {
    return { state: 'closed', failures, until: null };
  }
  return { state: 'open', failures, until: now + openForMs(failures, limits, fraction) };
}

export function mayProbe(breaker: Breaker, now: Instant): boolean {
  return breaker.state !== 'closed' && (breaker.until ?? 0) <= now;
}

export function probing(breaker: Breaker, limits: BreakerLimits, now: Instant): Breaker {
  return { ...breaker, state: 'half_open', until: now + limits.probeMs };
}

/** Doubles with each opening; half of it is chance, so that replicas do not probe in step. */
function openForMs(failures: number, limits: BreakerLimits, fraction: number): number {
  const openings = Math.min(Math.max(failures - limits.failuresToOpen, 0), 30);
  const ceiling = Math.min(limits.openMsMax, limits.openMs * 2 ** openings);
  return Math.ceil(ceiling * (0.5 + fraction / 2));
}
