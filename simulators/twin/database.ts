// A twin's own SQLite file: opening it so that nothing is answered before it is on disk, the
// tables every twin has, and small typed calls. Any failure here ends the request with a 500.

import Sqlite from 'better-sqlite3';

export type Database = Sqlite.Database;
type Value = string | number | null;

const SHARED_TABLES = `
create table if not exists setting (name text primary key, value text not null);
create table if not exists fault (
  id text primary key,
  rule text not null,
  skip_left integer not null,
  times_left integer not null,
  fired integer not null default 0
);
create table if not exists webhook_delivery (
  id integer primary key,
  event_id text not null,
  type text not null,
  body text not null,
  state text not null check (state in ('pending', 'held', 'delivered', 'lost', 'abandoned')),
  attempts integer not null default 0,
  faulted integer not null default 0,
  created_ms integer not null,
  next_ms integer not null,
  finished_ms integer,
  last_status integer,
  last_error text
);
create index if not exists webhook_delivery_due on webhook_delivery (state, next_ms);
`;

export function openDatabase(file: string, tables: string): Database {
  const db = new Sqlite(file);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = FULL');
  db.pragma('foreign_keys = ON');
  db.pragma('busy_timeout = 5000');
  db.exec(SHARED_TABLES);
  db.exec(tables);
  return db;
}

/** The settings as the live connection has them, for whoever wants proof. */
export function readDurability(db: Database): Record<string, unknown> {
  const read = (name: string): unknown => db.pragma(name, { simple: true });
  return { journal_mode: read('journal_mode'), synchronous: read('synchronous') };
}

const prepared = new WeakMap<Database, Map<string, Sqlite.Statement>>();

export function one<Row>(db: Database, sql: string, ...values: Value[]): Row | undefined {
  return statement(db, sql).get(...values) as Row | undefined;
}

export function all<Row>(db: Database, sql: string, ...values: Value[]): Row[] {
  return statement(db, sql).all(...values) as Row[];
}

/** Runs a change; gives how many rows it touched. */
export function run(db: Database, sql: string, ...values: Value[]): number {
  return statement(db, sql).run(...values).changes;
}

export function insert(db: Database, table: string, row: Record<string, Value>): void {
  const names = Object.keys(row);
  const marks = names.map(() => '?').join(', ');
  run(db, `insert into ${table} (${names.join(', ')}) values (${marks})`, ...Object.values(row));
}

/** Changes the row of this id; a missing row is a fault of the twin, never passed over. */
export function update(
  db: Database,
  table: string,
  id: string,
  changes: Record<string, Value>,
): void {
  const sets = Object.keys(changes).map((name) => `${name} = ?`);
  const sql = `update ${table} set ${sets.join(', ')} where id = ?`;
  const touched = run(db, sql, ...Object.values(changes), id);
  if (touched !== 1)
    throw new Error(`${table} ${id}: expected to change one row, found ${touched}`);
}

/** All or nothing; nested calls are savepoints. */
export function atomically<Result>(db: Database, work: () => Result): Result {
  return db.transaction(work).immediate();
}

export function readSetting(db: Database, name: string): string | undefined {
  return one<{ value: string }>(db, 'select value from setting where name = ?', name)?.value;
}

export function writeSetting(db: Database, name: string, value: string): void {
  const sql =
    'insert into setting values (?, ?) on conflict (name) do update set value = excluded.value';
  run(db, sql, name, value);
}

function statement(db: Database, sql: string): Sqlite.Statement {
  let known = prepared.get(db);
  if (known === undefined) prepared.set(db, (known = new Map()));
  let found = known.get(sql);
  if (found === undefined) known.set(sql, (found = db.prepare(sql)));
  return found;
}
