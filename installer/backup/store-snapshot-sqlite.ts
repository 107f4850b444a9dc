// A moment of a SQLite file: a read transaction on a read-only connection of our own. The server goes on
// writing to its log; only its clean-up waits until the transaction ends.

import Sqlite from 'better-sqlite3';
import { existsSync } from 'node:fs';
import { ExitError } from '../exit-codes.ts';
import { type Column, type ColumnKind, encodeRow, type TableShape } from './format.ts';
import type { Snapshot } from './snapshot.ts';
import { isHousekeeping, KEY_TABLES, shapeOf } from './table-order.ts';

const LOT_CHARACTERS = 262_144;

export async function openSqliteSnapshot(file: string): Promise<Snapshot> {
  if (!existsSync(file))
    throw new ExitError('notInstalled', `${file}: expected the database, found no such file.`);
  const db = new Sqlite(file, { readonly: true, fileMustExist: true });
  db.pragma('busy_timeout = 5000');
  db.exec('begin');
  const column = (text: string): unknown[] => db.prepare(text).pluck().all();
  // The first read fixes the moment.
  const schema = column('select name from knex_migrations order by id').map(String);
  const tables = sqliteTables(db);
  return {
    schema,
    organizations: Number(column('select count(*) from organization')[0]),
    tables,
    rootKids: KEY_TABLES.flatMap(({ table, column: kid }) =>
      column(`select distinct ${kid} from ${table} where ${kid} is not null`).map(String),
    ),
    lines: (table) => sqliteLines(db, table),
    sequences: async () => sqliteSequences(db, tables),
    close: async () => void db.close(),
  };
}

/** Also of a connection that is not read-only: what was restored is read back the same way. */
export function sqliteTables(db: Sqlite.Database): TableShape[] {
  const names = db
    .prepare(`select name from sqlite_master where type = 'table' order by name`)
    .pluck()
    .all() as string[];
  return names
    .filter((name) => !isHousekeeping(name))
    .map((name) => {
      const rows = db.prepare(`select name, type, pk from pragma_table_info(?)`).all(name) as {
        name: string;
        type: string;
        pk: number;
      }[];
      const key = rows.filter(({ pk }) => pk > 0).toSorted((a, b) => a.pk - b.pk);
      return shapeOf({
        name,
        columns: rows.map((row): Column => ({ name: row.name, kind: kindOf(name, row) })),
        key: key.map((row) => row.name),
      });
    });
}

export async function* sqliteLines(
  db: Sqlite.Database,
  { name, columns, order }: TableShape,
): AsyncGenerator<readonly string[]> {
  const picks = columns.map((column) => `"${column.name}"`).join(', ');
  const by = order.map((column) => `"${column}"`).join(', ');
  const statement = db.prepare(`select ${picks} from "${name}" order by ${by}`);
  let lot: string[] = [];
  let characters = 0;
  for (const row of statement.raw().safeIntegers().iterate() as Iterable<unknown[]>) {
    const line = encodeRow(row);
    lot.push(line);
    characters += line.length;
    if (characters < LOT_CHARACTERS) continue;
    yield lot;
    lot = [];
    characters = 0;
  }
  if (lot.length > 0) yield lot;
}

export function sqliteSequences(
  db: Sqlite.Database,
  tables: readonly TableShape[],
): Record<string, number> {
  const rows = db.prepare('select name, seq from sqlite_sequence').all() as {
    name: string;
    seq: number;
  }[];
  const ours = new Set(tables.map(({ name }) => name));
  return Object.fromEntries(rows.filter(({ name }) => ours.has(name)).map((r) => [r.name, r.seq]));
}

const KINDS: Readonly<Record<string, ColumnKind>> = {
  TEXT: 'text',
  INTEGER: 'integer',
  BLOB: 'bytes',
};

function kindOf(table: string, { name, type }: { name: string; type: string }): ColumnKind {
  const kind = KINDS[type.toUpperCase()];
  if (kind === undefined)
    throw new Error(`${table}.${name}: expected TEXT, INTEGER or BLOB, found ${type}.`);
  return kind;
}
