// When and as what a message is tried again. Pure: chance and time are handed in.

import type { Instant } from '../../shared/world.ts';
import { type BackoffLimits, backoffFromFloorMs, backoffMs } from './backoff.ts';
import type { Settled } from './handler.ts';
import type { Retry, StoredMessage } from './stored-message.ts';

export type Counters = Pick<StoredMessage, 'attempts' | 'failures' | 'doubts' | 'state'>;

export interface Moment {
  at: Instant;
  /** Uniform in [0, 1). */
  fraction: number;
}

/** `unsentProbe`: the breaker's probe did not even leave. It says nothing about the message: no failure
 * is counted, and the breaker alone makes it wait. */
export function nextTry(
  was: Counters,
  settled: Exclude<Settled, { kind: 'done' | 'dead' }>,
  of: Moment & { limits: BackoffLimits; unsentProbe: boolean },
): Retry {
  const { at, fraction, limits, unsentProbe } = of;
  const attempts = was.attempts + 1;
  if (settled.kind === 'continue') {
    return { state: 'retry', attempts, failures: 0, doubts: 0, nextAt: at, reason: 'continues' };
  }
  const doubtful = settled.kind === 'indeterminate';
  const failures = was.failures + (doubtful || unsentProbe ? 0 : 1);
  const doubts = doubtful ? was.doubts + 1 : 0;
  const { afterMs, reason } = settled;
  const delayMs = (): number => {
    if (afterMs !== undefined) return backoffFromFloorMs(limits, afterMs, fraction);
    return unsentProbe ? 0 : backoffMs(limits, doubtful ? doubts : failures, fraction);
  };
  const state = doubtful ? 'indeterminate' : 'retry';
  return { state, attempts, failures, doubts, nextAt: at + delayMs(), reason };
}

/** Our own failure (a defect, the database). It never kills: the message may be in doubt, and the next
 * version may know better. What was perhaps sent stays in doubt. */
export function afterOwnFailure(
  was: Counters,
  of: Moment & { limits: BackoffLimits; perhapsSent: boolean; reason: string },
): Retry {
  const doubts = was.doubts + 1;
  return {
    state: of.perhapsSent || was.state === 'indeterminate' ? 'indeterminate' : 'retry',
    attempts: was.attempts + 1,
    failures: was.failures,
    doubts,
    nextAt: of.at + backoffMs(of.limits, doubts, of.fraction),
    reason: of.reason,
  };
}
