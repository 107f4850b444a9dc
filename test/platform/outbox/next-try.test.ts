import { describe, expect, test } from '@jest/globals';
import { afterOwnFailure, nextTry } from '../../../server/platform/outbox/next-try.ts';

const LIMITS = { backoffBaseMs: 100, backoffCapMs: 10_000 };
const MOMENT = { at: 1_000, fraction: 0.5, limits: LIMITS, unsentProbe: false };
const WAS = { attempts: 4, failures: 2, doubts: 3, state: 'indeterminate' as const };

describe('the next try', () => {
  test('after a retry counts a failure and ends the doubt', () => {
    expect(nextTry(WAS, { kind: 'retry', reason: 'busy' }, MOMENT)).toEqual({
      state: 'retry',
      attempts: 5,
      failures: 3,
      doubts: 0,
      nextAt: 1_000 + 200, // half of 100 * 2^2
      reason: 'busy',
    });
  });

  test('in doubt counts no failure, so that no limit of attempts can bury it', () => {
    const next = nextTry(WAS, { kind: 'indeterminate', reason: 'no reply' }, MOMENT);
    expect(next).toMatchObject({ state: 'indeterminate', failures: 2, doubts: 4, nextAt: 1_400 });
  });

  test('respects what the other side asked for', () => {
    const asked = nextTry(WAS, { kind: 'retry', reason: '429', afterMs: 30_000 }, MOMENT);
    expect(asked.nextAt).toBe(1_000 + 30_000 + 50);
  });

  test('of a step that has another one is at once, with a clean slate', () => {
    expect(nextTry(WAS, { kind: 'continue' }, MOMENT)).toMatchObject({
      attempts: 5,
      failures: 0,
      doubts: 0,
      nextAt: 1_000,
    });
  });

  test('of a probe that was not sent costs the message nothing but a line of history', () => {
    const unsent = { ...MOMENT, unsentProbe: true };
    expect(nextTry(WAS, { kind: 'retry', reason: 'refused' }, unsent)).toMatchObject({
      attempts: 5,
      failures: 2,
      nextAt: 1_000,
    });
  });

  test('after our own failure keeps a doubt, and makes one of what was perhaps sent', () => {
    const of = { ...MOMENT, reason: 'defect' };
    const fresh = { attempts: 0, failures: 0, doubts: 0, state: null };
    expect(afterOwnFailure(fresh, { ...of, perhapsSent: false }).state).toBe('retry');
    expect(afterOwnFailure(fresh, { ...of, perhapsSent: true }).state).toBe('indeterminate');
    expect(afterOwnFailure(WAS, { ...of, perhapsSent: false }).state).toBe('indeterminate');
    expect(afterOwnFailure(WAS, { ...of, perhapsSent: false }).failures).toBe(2);
  });
});
