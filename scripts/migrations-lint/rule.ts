// A rule of the linter: data, and one function that finds what it refuses.

import type { Catalog } from './catalog.ts';
import type { Statement } from './statement.ts';

/** One migration before the rules. */
export interface Judged {
  name: string;
  /** What it sends on Postgres, up and down. */
  up: readonly Statement[];
  down: readonly Statement[];
  /** False with `config = { transaction: false }`. */
  isTransaction: boolean;
  /** What the migrations before it have made. */
  before: Catalog;
  /** Names of the migrations that customers have. */
  released: ReadonlySet<string>;
}

export interface Rule {
  id: string;
  /** `expand`: a migration with `_contract_` in its name may. */
  holds: 'always' | 'expand';
  /** Ends the sentence "It …". */
  refuses: string;
  why: string;
  remedy: string;
  find(judged: Judged): readonly Statement[];
}

/** Tables made in this very migration: nobody uses them yet. */
export function isNewTable({ up }: Judged, table: string | null): boolean {
  return up.some((statement) => statement.kind === 'create table' && statement.table === table);
}

/** Statements on tables that servers use, or may use: what is not known to be new is taken for old. */
export function onTablesInUse(judged: Judged): readonly Statement[] {
  return judged.up.filter(({ table }) => table !== null && !isNewTable(judged, table));
}

/** `alter table` on a table in use with an action that looks like this. */
export function alters(judged: Judged, action: RegExp): readonly Statement[] {
  return onTablesInUse(judged).filter(
    ({ kind, parts }) => kind === 'alter table' && parts.some((part) => action.test(part)),
  );
}
