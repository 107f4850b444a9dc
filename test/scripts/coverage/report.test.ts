import { describe, expect, test } from '@jest/globals';
import istanbul, { type CoverageSummary } from 'istanbul-lib-coverage';
import { coverageProblems } from '../../../scripts/coverage/report.ts';

function summary(linesPercent: number, branchesPercent: number): CoverageSummary {
  const totals = (pct: number): object => ({ total: 1000, covered: pct * 10, skipped: 0, pct });
  return istanbul.createCoverageSummary({
    lines: totals(linesPercent),
    branches: totals(branchesPercent),
    functions: totals(0),
    statements: totals(0),
  } as never);
}

describe('the minimum of coverage', () => {
  test.each([
    { lines: 80, branches: 80, expected: [] },
    {
      lines: 79.9,
      branches: 80,
      expected: ['expected at least 80 % of lines to run, found 79.9 %'],
    },
    {
      lines: 100,
      branches: 12,
      expected: ['expected at least 80 % of branches to run, found 12 %'],
    },
  ])('$lines % of lines and $branches % of branches', ({ lines, branches, expected }) => {
    expect(coverageProblems(summary(lines, branches))).toEqual(expected);
  });

  test('a run that measured nothing is not enough', () => {
    expect(coverageProblems(istanbul.createCoverageSummary())).toHaveLength(2);
  });
});
