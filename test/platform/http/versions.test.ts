import { expect, test } from '@jest/globals';
import {
  checkVersion,
  downgradeAnswer,
  newestVersion,
  upgradeRequest,
} from '../../../server/platform/http/versions.ts';

const versions = [
  { date: '2026-01-01' },
  {
    date: '2026-06-01',
    upgradeRequest: (_id: string, body: unknown) => ({ ...(body as object), june: true }),
    downgradeAnswer: (_id: string, answer: unknown) => ({ ...(answer as object), to: 'january' }),
  },
  {
    date: '2026-09-01',
    upgradeRequest: (_id: string, body: unknown) => ({ sawJune: (body as { june?: true }).june }),
    downgradeAnswer: (_id: string, answer: unknown) => ({ ...(answer as object), to: 'june' }),
  },
];

test('an old request climbs through every change that came after it, oldest first', () => {
  const request = { operationId: 'x', body: {} };
  expect(upgradeRequest(versions, '2026-01-01', request)).toEqual({ sawJune: true });
  expect(upgradeRequest(versions, '2026-06-01', request)).toEqual({ sawJune: undefined });
  expect(upgradeRequest(versions, '2026-09-01', request)).toEqual({});
});

test('a new answer climbs down, newest first', () => {
  const answer = { operationId: 'x', answer: {} };
  expect(downgradeAnswer(versions, '2026-01-01', answer)).toEqual({ to: 'january' });
  expect(downgradeAnswer(versions, '2026-06-01', answer)).toEqual({ to: 'june' });
  expect(downgradeAnswer(versions, '2026-09-01', answer)).toEqual({});
});

test('an unknown version is refused with the known ones', () => {
  expect(newestVersion(versions)).toBe('2026-09-01');
  expect(checkVersion(versions, '2026-06-01')).toBe('2026-06-01');
  expect(() => checkVersion(versions, '2026-06-02')).toThrow(
    'one of 2026-01-01, 2026-06-01, 2026-09-01, found "2026-06-02"',
  );
});
