// Looks at a test database from outside, as its superuser or file owner: which tables there are, how
// they are secured, and rows put past every wall. Only for tests of the schema itself.

import Sqlite from 'better-sqlite3';
import pg from 'pg';
import type { TestDatabase } from './database.ts';
import { postgresCluster } from './postgres-database.ts';

export interface SchemaColumn {
  name: string;
  kind: 'text' | 'integer' | 'bytes';
}

export interface SchemaTable {
  name: string;
  columns: readonly SchemaColumn[];
  /** Columns of each unique index and primary key, in order. */
  unique: readonly (readonly string[])[];
  /** Row-level security is on, forced, and has a policy. Nowhere on SQLite, which has none. */
  secured: boolean;
}

export interface SchemaView {
  /** In alphabetical order, without the migrations' own two. */
  tables(): Promise<readonly SchemaTable[]>;
  run(text: string): Promise<readonly Record<string, unknown>[]>;
  insert(table: string, row: Record<string, unknown>): Promise<void>;
}

const HOUSEKEEPING: ReadonlySet<string> = new Set([
  'knex_migrations',
  'knex_migrations_lock',
  'sqlite_sequence',
]);

/** Closed with the test's database. */
export async function viewSchema(of: TestDatabase): Promise<SchemaView> {
  const { settings } = of;
  const run =
    settings.kind === 'sqlite' ? openFile(settings.file) : await openServer(settings.database);
  of.onClose(run.close);
  const { query } = run;
  const list = settings.kind === 'sqlite' ? sqliteTables : postgresTables;
  return {
    tables: async () => (await list(query)).filter(({ name }) => !HOUSEKEEPING.has(name)),
    run: (text) => query(text, []),
    insert: async (table, row) => {
      const names = Object.keys(row);
      const slots = names.map((_name, index) => `$${index + 1}`).join(', ');
      await query(
        `insert into ${table} (${names.join(', ')}) values (${slots})`,
        Object.values(row),
      );
    },
  };
}

type Query = (text: string, values: readonly unknown[]) => Promise<Record<string, unknown>[]>;

function openFile(file: string): { query: Query; close(): Promise<void> } {
  const db = new Sqlite(file);
  db.pragma('foreign_keys = on');
  return {
    query: async (text, values) => {
      const statement = db.prepare(text);
      const bound = Object.fromEntries(values.map((value, index) => [index + 1, value]));
      const given = values.length === 0 ? [] : [bound];
      if (statement.reader) return statement.all(...given) as Record<string, unknown>[];
      statement.run(...given);
      return [];
    },
    close: async () => void db.close(),
  };
}

async function openServer(database: string): Promise<{ query: Query; close(): Promise<void> }> {
  const client = new pg.Client({ ...postgresCluster(), database });
  await client.connect();
  return {
    query: async (text, values) => (await client.query(text, [...values])).rows,
    close: () => client.end(),
  };
}

async function sqliteTables(query: Query): Promise<SchemaTable[]> {
  const names = await query(
    `select name from sqlite_master where type = 'table' order by name`,
    [],
  );
  return Promise.all(
    names.map(async (row) => {
      const name = String(row['name']);
      const columns = await query(`select name, type from pragma_table_info('${name}')`, []);
      const indexes = await query(
        `select l.name as index_name, i.name as column_name from pragma_index_list('${name}') l
           join pragma_index_info(l.name) i where l."unique" = 1 order by l.name, i.seqno`,
        [],
      );
      return { name, columns: columns.map(toColumn), unique: grouped(indexes), secured: false };
    }),
  );
}

async function postgresTables(query: Query): Promise<SchemaTable[]> {
  const found = await query(
    `select c.relname as name, c.relrowsecurity and c.relforcerowsecurity
         and exists (select 1 from pg_policy p where p.polrelid = c.oid) as secured
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where n.nspname = 'public' and c.relkind in ('r', 'p') order by c.relname`,
    [],
  );
  const tables: SchemaTable[] = [];
  for (const row of found) {
    const name = String(row['name']);
    const columns = await query(
      `select column_name as name, data_type as type from information_schema.columns
        where table_schema = 'public' and table_name = $1 order by ordinal_position`,
      [name],
    );
    const indexes = await query(
      `select i.indexrelid::regclass::text as index_name, a.attname as column_name
         from pg_index i cross join unnest(i.indkey) with ordinality as k(attnum, seqno)
         join pg_attribute a on a.attrelid = i.indrelid and a.attnum = k.attnum
        where i.indrelid = ('public.' || $1)::regclass and i.indisunique
        order by 1, k.seqno`,
      [name],
    );
    const secured = row['secured'] === true;
    tables.push({ name, columns: columns.map(toColumn), unique: grouped(indexes), secured });
  }
  return tables;
}

function toColumn(row: Record<string, unknown>): SchemaColumn {
  const type = String(row['type']).toLowerCase();
  const kind = /int/.test(type) ? 'integer' : /blob|bytea/.test(type) ? 'bytes' : 'text';
  return { name: String(row['name']), kind };
}

function grouped(rows: readonly Record<string, unknown>[]): string[][] {
  const indexes = new Map<string, string[]>();
  for (const row of rows) {
    const name = String(row['index_name']);
    indexes.set(name, [...(indexes.get(name) ?? []), String(row['column_name'])]);
  }
  return [...indexes.values()];
}
