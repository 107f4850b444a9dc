// The text of a coverage measurement, and whether it is enough.

import type { CoverageSummary, Totals } from 'istanbul-lib-coverage';
import type { Measured } from './measure.ts';

/** Of lines and of branches, over all product folders together. */
export const COVERAGE_MIN_PERCENT = 80;

export function formatCoverage({ total, folders, processes, torn }: Measured): string {
  const rows = [...folders, { name: 'all', summary: total }];
  const width = Math.max(...rows.map(({ name }) => name.length));
  const lines = rows.map(
    ({ name, summary }) =>
      `${name.padEnd(width)}  ${share(summary.lines)}  ${share(summary.branches)}  ${share(summary.functions)}`,
  );
  const heads = ['lines', 'branches', 'functions'].map((head) => head.padStart(19)).join('  ');
  const counted = `${processes} records of test files and child processes, ${torn} cut short`;
  return [`${''.padEnd(width)}  ${heads}`, ...lines, counted].join('\n');
}

/** What falls short, each a sentence; empty when all is well. */
export function coverageProblems(total: CoverageSummary): string[] {
  return (['lines', 'branches'] as const)
    .filter((kind) => total[kind].total === 0 || total[kind].pct < COVERAGE_MIN_PERCENT)
    .map(
      (kind) =>
        `expected at least ${COVERAGE_MIN_PERCENT} % of ${kind} to run, found ${total[kind].pct} %`,
    );
}

function share({ covered, total, pct }: Totals): string {
  const percent = total === 0 ? '–' : pct.toFixed(1);
  return `${`${covered}/${total}`.padStart(11)} ${percent.padStart(5)} %`;
}
