// How backup and restore speak with Postgres: connections whose integers stay exact, the catalogue, and a
// table's rows through a cursor.

import pg from 'pg';
import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import { type Column, type ColumnKind, encodeRow, type TableShape } from './format.ts';
import { isHousekeeping, shapeOf } from './table-order.ts';

type Settings = Extract<DatabaseSettings, { kind: 'postgres' }>;

/** A page of a cursor: bodies of answers are the largest rows, at most about a mebibyte. */
const FETCH_ROWS = 200;

export async function connectAs(
  settings: Settings,
  role: 'owner' | 'app' | 'engine',
): Promise<pg.Client> {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, BigInt);
  const { host, port, database, ssl } = settings;
  const { user, password } = settings[role];
  const client = new pg.Client({
    host,
    port,
    database,
    user,
    password,
    types,
    ...(ssl === undefined ? {} : { ssl }),
    application_name: 'sallyport-backup',
    statement_timeout: 0,
    idle_in_transaction_session_timeout: 0,
  });
  // A connection that breaks fails the query that waits on it; without a listener it would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

export async function postgresTables(client: pg.Client): Promise<TableShape[]> {
  const { rows } = await client.query({
    text: `select c.relname, a.attname, format_type(a.atttypid, null),
        array_position(i.indkey::int2[], a.attnum)
      from pg_class c
      join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_index i on i.indrelid = c.oid and i.indisprimary
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
     order by c.relname collate "C", a.attnum`,
    rowMode: 'array',
  });
  const tables = new Map<string, { columns: Column[]; key: [number, string][] }>();
  for (const [table, name, type, keyAt] of rows as [string, string, string, number | null][]) {
    if (isHousekeeping(table)) continue;
    const found = tables.get(table) ?? { columns: [], key: [] };
    found.columns.push({ name, kind: kindOf(table, name, type) });
    if (keyAt !== null) found.key.push([keyAt, name]);
    tables.set(table, found);
  }
  return [...tables].map(([name, { columns, key }]) =>
    shapeOf({ name, columns, key: key.toSorted(([a], [b]) => a - b).map(([, column]) => column) }),
  );
}

export async function* cursorLines(
  client: pg.Client,
  { name, columns, order }: TableShape,
): AsyncGenerator<readonly string[]> {
  const picks = columns.map((column) => `"${column.name}"`).join(', ');
  const text = new Set(columns.filter(({ kind }) => kind === 'text').map((column) => column.name));
  // By bytes, as SQLite does it, whatever language the database was made for.
  const by = order.map((column) => `"${column}"${text.has(column) ? ' collate "C"' : ''}`);
  await client.query(
    `declare backup_rows no scroll cursor for select ${picks} from "${name}" order by ${by.join(', ')}`,
  );
  for (;;) {
    const page = await client.query({
      text: `fetch ${FETCH_ROWS} from backup_rows`,
      rowMode: 'array',
    });
    if (page.rows.length > 0) yield page.rows.map((row: unknown[]) => encodeRow(row));
    if (page.rows.length < FETCH_ROWS) break;
  }
  await client.query('close backup_rows');
}

/** Sequences stand outside of every transaction: read later, they are higher, which is the safe side. */
export async function postgresSequences(
  client: pg.Client,
  tables: readonly TableShape[],
): Promise<Record<string, number>> {
  const sequences: Record<string, number> = {};
  for (const { table, sequence } of await sequencesOf(client, tables)) {
    const { rows } = await client.query(
      `select case when is_called then last_value else 0 end as high from ${sequence}`,
    );
    const high = Number((rows[0] as { high: bigint }).high);
    if (high > 0) sequences[table] = high;
  }
  return sequences;
}

export async function sequencesOf(
  client: pg.Client,
  tables: readonly TableShape[],
): Promise<{ table: string; column: string; sequence: string }[]> {
  const { rows } = await client.query(
    `select c.relname as table, a.attname as column, pg_get_serial_sequence('public.' || c.relname, a.attname) as sequence
       from pg_attribute a join pg_class c on c.oid = a.attrelid
      where a.attidentity <> '' and c.relname = any($1) and c.relnamespace = 'public'::regnamespace
      order by 1`,
    [tables.map(({ name }) => name)],
  );
  return rows as { table: string; column: string; sequence: string }[];
}

const KINDS: Readonly<Record<string, ColumnKind>> = {
  text: 'text',
  bigint: 'integer',
  integer: 'integer',
  smallint: 'integer',
  bytea: 'bytes',
};

function kindOf(table: string, column: string, type: string): ColumnKind {
  const kind = KINDS[type];
  if (kind === undefined)
    throw new Error(`${table}.${column}: expected text, bigint, smallint or bytea, found ${type}.`);
  return kind;
}
