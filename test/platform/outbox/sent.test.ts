import { describe, expect, test } from '@jest/globals';
import { sentOf } from '../../../server/platform/outbox/sent.ts';

const failed = (phase: 'connecting' | 'written' | 'reading'): ReturnType<typeof sentOf> =>
  sentOf({
    kind: 'failed',
    phase,
    durationMs: 1,
    error: Object.assign(new Error('it broke'), { code: 'ECONNRESET' }),
  });

describe('what an exchange proves', () => {
  test('only while connecting is it proven that nothing was executed', () => {
    expect(failed('connecting')).toEqual({
      kind: 'not_sent',
      reason: 'connecting: ECONNRESET it broke',
    });
    expect(failed('written').kind).toBe('unknown');
    expect(failed('reading').kind).toBe('unknown');
  });

  test('an answer is an answer, whatever its status', () => {
    const response = { status: 503, headers: {}, body: '' };
    const sent = sentOf({ kind: 'answered', durationMs: 1, response });
    expect(sent).toEqual({ kind: 'answered', answer: response, status: 503 });
  });
});
