// What the migrations so far have made: tables, their columns, and which constraints hold for every row. Kept
// as far as rules ask; it is no database.

import type { Statement } from './statement.ts';

export interface Column {
  name: string;
  /** The migration that added it. */
  since: string;
  hasDefault: boolean;
}

export interface Table {
  since: string;
  columns: Map<string, Column>;
  /** Columns that a validated check holds to be not null. */
  neverNull: Set<string>;
  /** Not validated yet: name of the constraint to its text. */
  unproven: Map<string, string>;
  isRowSecured: boolean;
}

export type Catalog = Map<string, Table>;

const NO_COLUMN = /^(constraint|primary|foreign|unique|check|exclude|like)\b/;

export function learn(catalog: Catalog, since: string, statement: Statement): void {
  const { kind, table: name } = statement;
  if (name === null) return;
  if (kind === 'create table') {
    catalog.set(name, newTable(since, statement));
    return;
  }
  const table = catalog.get(name);
  if (kind === 'drop table') catalog.delete(name);
  if (kind !== 'alter table' || table === undefined) return;
  for (const part of statement.parts) learnPart(table, since, part);
}

function newTable(since: string, { parts }: Statement): Table {
  const columns = parts.filter((part) => !NO_COLUMN.test(part)).map((part) => column(since, part));
  return {
    since,
    columns: new Map(columns.map((each) => [each.name, each])),
    neverNull: new Set(),
    unproven: new Map(),
    isRowSecured: false,
  };
}

function learnPart(table: Table, since: string, part: string): void {
  const added = addedColumn(part);
  if (added !== null) table.columns.set(added.split(' ')[0] ?? '', column(since, added));
  if (part === 'enable row level security') table.isRowSecured = true;
  const dropped = /^drop column (?:if exists )?(\S+)/.exec(part)?.[1];
  if (dropped !== undefined) table.columns.delete(dropped);
  const check = /^add constraint (\S+) (check ?\(.*)$/.exec(part);
  if (check !== null) {
    if (part.endsWith(' not valid')) table.unproven.set(check[1] ?? '', check[2] ?? '');
    else prove(table, check[2] ?? '');
  }
  const validated = /^validate constraint (\S+)/.exec(part)?.[1];
  if (validated !== undefined) prove(table, table.unproven.get(validated) ?? '');
}

function prove(table: Table, check: string): void {
  const name = /^check ?\(+(\S+) is not null\)+/.exec(check)?.[1];
  if (name !== undefined) table.neverNull.add(name);
}

/** The definition behind `add column`, also without that word. */
export function addedColumn(part: string): string | null {
  const found = /^add (?:column )?(?:if not exists )?(.+)$/.exec(part)?.[1] ?? null;
  return found === null || NO_COLUMN.test(found) ? null : found;
}

function column(since: string, definition: string): Column {
  const name = definition.split(' ')[0] ?? '';
  return { name, since, hasDefault: / default /.test(`${definition} `) };
}
