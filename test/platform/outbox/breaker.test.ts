import { describe, expect, test } from '@jest/globals';
import {
  afterFailure,
  afterSuccess,
  type Breaker,
  CLOSED,
  mayProbe,
  probing,
} from '../../../server/platform/outbox/breaker.ts';

const LIMITS = { failuresToOpen: 3, openMs: 1_000, openMsMax: 8_000, probeMs: 5_000 };

function failing(times: number, from: Breaker = CLOSED, now = 0): Breaker {
  let breaker = from;
  for (let n = 0; n < times; n += 1) breaker = afterFailure(breaker, LIMITS, { now, fraction: 1 });
  return breaker;
}

describe('a breaker', () => {
  test('opens at the limit of failures in a row, not before', () => {
    expect(failing(2)).toEqual({ state: 'closed', failures: 2, until: null });
    expect(failing(3)).toEqual({ state: 'open', failures: 3, until: 1_000 });
  });

  test('forgets failures that were not in a row', () => {
    expect(failing(2, afterSuccess(failing(2), 0))).toMatchObject({ state: 'closed', failures: 2 });
  });

  test('counts a burst of stragglers as one opening', () => {
    expect(failing(30)).toEqual(failing(3));
  });

  test('may be probed when its pause is over, and not while another probe holds it', () => {
    const open = failing(3);
    expect([mayProbe(open, 999), mayProbe(open, 1_000), mayProbe(CLOSED, 1_000)]).toEqual([
      false,
      true,
      false,
    ]);
    const half = probing(open, LIMITS, 1_000);
    expect(half).toEqual({ state: 'half_open', failures: 3, until: 6_000 });
    expect([mayProbe(half, 5_999), mayProbe(half, 6_000)]).toEqual([false, true]);
  });

  test('doubles its pause with each failed probe, up to the longest', () => {
    let breaker = failing(3);
    const pauses: number[] = [];
    for (let n = 0; n < 6; n += 1) {
      const now = breaker.until ?? 0;
      breaker = afterFailure(probing(breaker, LIMITS, now), LIMITS, { now, fraction: 1 });
      pauses.push((breaker.until ?? 0) - now);
    }
    expect(pauses).toEqual([2_000, 4_000, 8_000, 8_000, 8_000, 8_000]);
  });

  test('closes by a successful probe, and is only looked at sooner after a straggler’s success', () => {
    const open = failing(3);
    expect(afterSuccess(probing(open, LIMITS, 1_000), 1_000)).toEqual(CLOSED);
    expect(afterSuccess(open, 400)).toEqual({ state: 'open', failures: 3, until: 400 });
  });
});
