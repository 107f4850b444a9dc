// What a bulk import answers: counts of all rows, and what was wrong with the first failed ones.

import type { FieldProblem } from '../../shared/errors.ts';

export type RowError = FieldProblem & { line: number };

export interface ImportReport {
  imported: number;
  unchanged: number;
  failed: number;
  errors: RowError[];
  isTruncated: boolean;
}

/** A file of another shape fails on every row; the first thousand say enough. */
export const ERRORS_MAX = 1_000;

export function emptyReport(): ImportReport {
  return { imported: 0, unchanged: 0, failed: 0, errors: [], isTruncated: false };
}

export function addFailure(
  report: ImportReport,
  line: number,
  problems: readonly FieldProblem[],
): void {
  report.failed += 1;
  const room = ERRORS_MAX - report.errors.length;
  report.isTruncated ||= problems.length > room;
  report.errors.push(...problems.slice(0, room).map((problem) => ({ line, ...problem })));
}

export function presentReport(report: ImportReport): object {
  const { imported, unchanged, failed, errors, isTruncated } = report;
  const inOrder = errors.toSorted((a, b) => a.line - b.line);
  return { imported, unchanged, failed, errors: inOrder, errors_truncated: isTruncated };
}
