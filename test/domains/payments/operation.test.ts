import { describe, expect, test } from '@jest/globals';
import {
  mayMove,
  MOVES,
  OPERATION_KINDS,
  OPERATION_STATUSES,
  type OperationStatus,
  stepAfter,
} from '../../../server/domains/payments/operation.ts';

// Written out once more, so that a change of the table is a change of two places.
const ALLOWED: Record<OperationStatus, string> = {
  queued: 'sending cancelled',
  sending: 'queued succeeded pending declined not_sent unknown unknown_escalated',
  succeeded: '',
  pending: 'succeeded declined unknown_escalated',
  declined: 'succeeded',
  not_sent: 'queued cancelled',
  unknown: 'sending unknown_escalated succeeded pending declined absent queued',
  unknown_escalated: 'succeeded pending declined absent queued',
  absent: 'queued',
  cancelled: 'queued',
};

describe('the moves of an operation', () => {
  for (const from of OPERATION_STATUSES) {
    for (const to of OPERATION_STATUSES) {
      const allowed = ALLOWED[from].split(' ').includes(to);
      test(`${from} to ${to} is ${allowed ? 'a move' : 'refused'}`, () => {
        expect(mayMove('authorise', from, to)).toBe(allowed);
        expect(MOVES[from].includes(to)).toBe(allowed);
      });
    }
  }

  test('only a refund may fail after it had succeeded', () => {
    const may = OPERATION_KINDS.filter((kind) => mayMove(kind, 'succeeded', 'declined'));
    expect(may).toEqual(['refund']);
  });

  test('ignorance becomes a failure nowhere: unknown reaches declined by proof alone, never not_sent', () => {
    expect(MOVES.unknown).not.toContain('not_sent');
    expect(MOVES.unknown).not.toContain('cancelled');
    expect(MOVES.unknown_escalated).not.toContain('sending');
  });

  test('an authorisation is created before it is confirmed', () => {
    expect(stepAfter('authorise', 'create')).toBe('confirm');
    expect(stepAfter('authorise', 'confirm')).toBeNull();
    expect(stepAfter('capture', 'capture')).toBeNull();
  });
});
