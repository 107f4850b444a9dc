// Asks, for one recorded statement of organization A, what the neighbour B would get: by the truth of the
// neighbour's rows alone, and behind one wall alone. Every question ends in a rollback.

import type { RecordedStatement } from './recorded-statement.ts';

export interface Outcome {
  rows: readonly string[];
  touched: number;
  /** Rows of the other organization that were written or are gone. */
  foreignTouched: number;
  /** The database's code when it refused. */
  refused: string | null;
}

export interface Walls {
  /** What the statement is for the neighbour, beyond doubt. */
  truth(statement: RecordedStatement): Promise<Outcome>;
  /** The same behind the wall under test. */
  behindWall(statement: RecordedStatement): Promise<Outcome>;
  /** The same behind no wall at all: shows what the wall holds back. */
  behindNothing(statement: RecordedStatement): Promise<Outcome>;
  close(): Promise<void>;
}

const PREDICATE = /\b(?:[a-z_]+\.)?org_id = \$1(?![0-9])/g;

export function namesOrganization(text: string): boolean {
  return new RegExp(PREDICATE.source).test(text);
}

/** The first wall taken away: the predicate is true of every row. */
export function stripped(text: string): string {
  return text.replaceAll(PREDICATE, '($1::text is not null)');
}

export function strippedForSqlite(text: string): string {
  return text.replaceAll(PREDICATE, '($1 is not null)');
}

/** The statement as the neighbour itself would have sent it. */
export function asNeighbour(statement: RecordedStatement, neighbour: string): RecordedStatement {
  return { ...statement, params: [neighbour, ...statement.params.slice(1)], org: neighbour };
}

export function isInsert(text: string): boolean {
  return /^\s*insert\b/i.test(text);
}

export function isWrite(text: string): boolean {
  return /^\s*(insert|update|delete)\b|^\s*with\b[^]*\b(insert into|update|delete from)\b/i.test(
    text,
  );
}

/** What is wrong with an outcome; null when the wall holds. */
export function leak(truth: Outcome, found: Outcome): string | null {
  if (found.foreignTouched > 0) return `touched ${found.foreignTouched} foreign rows`;
  // A refusal shows and touches nothing.
  if (found.refused !== null) return null;
  if (truth.refused !== null) return `was not refused as expected (${truth.refused})`;
  const surplus = surplusOf(found.rows, truth.rows);
  if (surplus.length > 0) return `showed ${surplus.length} foreign rows, e.g. ${surplus[0]}`;
  if (found.touched > truth.touched) {
    return `touched ${found.touched} rows instead of ${truth.touched}`;
  }
  return null;
}

/** The same row twice is one too many where the truth has it once. */
function surplusOf(rows: readonly string[], wanted: readonly string[]): string[] {
  const left = [...wanted];
  return rows.filter((row) => {
    const at = left.indexOf(row);
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

/** A row just written returns the number it drew, which no two times are the same: it only counts. */
export function toRows(text: string, rows: readonly unknown[]): string[] {
  if (isInsert(text)) return rows.map(() => 'written');
  return rows.map((row) => JSON.stringify(row)).toSorted();
}
