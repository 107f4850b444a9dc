import { describe, expect, test } from '@jest/globals';
import { countResults, formatTally } from '../../../scripts/testing/run-jest.ts';

const GREEN = {
  numPassedTests: 12,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
};

describe('the tally of a jest run', () => {
  test('counts what passed', () => {
    expect(formatTally(countResults(GREEN, 0))).toBe('12 passed, 0 failed');
  });

  test.each([
    { what: 'a failed test', results: { ...GREEN, numFailedTests: 2 }, failed: 2 },
    { what: 'a skipped test', results: { ...GREEN, numPendingTests: 1 }, failed: 1 },
    { what: 'a to-do', results: { ...GREEN, numTodoTests: 1 }, failed: 1 },
    {
      what: 'a file that did not load',
      results: { ...GREEN, numRuntimeErrorTestSuites: 3 },
      failed: 3,
    },
    { what: 'a reporter that objects to green tests', results: GREEN, failed: 1 },
  ])('counts $what as failed', ({ results, failed }) => {
    expect(countResults(results, 1)).toEqual({ passed: 12, failed });
  });

  test('a run that wrote nothing is one failure', () => {
    expect(countResults(null, 0)).toEqual({ passed: 0, failed: 1 });
  });
});
