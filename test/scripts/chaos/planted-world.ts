// A small world for one promise: an empty appliance database, empty books of both twins, and a hand that
// plants single rows. What a row must have and the test does not care about is filled in; keys of other
// tables are not checked, so that one row is enough.

import Sqlite from 'better-sqlite3';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type Books, openPostgresBooks, openSqliteBooks } from '../../../scripts/chaos/books.ts';
import { createJournal, type Journal } from '../../../scripts/chaos/journal.ts';
import type { Evidence } from '../../../scripts/chaos/promises/promise.ts';
import { TABLES as STRIPE } from '../../../simulators/stripe/tables.ts';
import { openDatabase } from '../../../simulators/twin/database.ts';
import { TABLES as VERIFF } from '../../../simulators/veriff/tables.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import { postgresCluster } from '../../support/postgres-database.ts';

export type Row = Readonly<Record<string, string | number | null>>;

export interface PlantedWorld {
  evidence: Evidence;
  journal: Journal;
  /** One row of ours. */
  plant(table: string, row: Row): Promise<void>;
  stripe(table: string, row: Row): void;
  veriff(table: string, row: Row): void;
  close(): Promise<void>;
}

/** The load is taken to have ended at this moment. */
export const ENDED_AT = 1_800_000_000_000;
export const ORG = 'org_1';

export async function openPlantedWorld(): Promise<PlantedWorld> {
  const folder = mkdtempSync(join(tmpdir(), 'planted-world-'));
  const database = await openTestDatabase();
  const { run, books, close } = await openOurs(database);
  const files = { stripe: join(folder, 'stripe.db'), veriff: join(folder, 'veriff.db') };
  const stripe = openTwin(files.stripe, STRIPE);
  const veriff = openTwin(files.veriff, VERIFF);
  const journal = createJournal(join(folder, 'journal.ndjson'));
  const appliance = applianceOf(database);
  return {
    evidence: {
      books,
      journal,
      appliance,
      stripeFile: files.stripe,
      veriffFile: files.veriff,
      endedAt: ENDED_AT,
    },
    journal,
    plant: (table, row) => run(table, { org_id: ORG, ...row }),
    stripe: (table, row) => insert(stripe, table, row),
    veriff: (table, row) => insert(veriff, table, row),
    close: async () => {
      stripe.close();
      veriff.close();
      await close();
      await books.close();
      await database.close();
    },
  };
}

function openTwin(file: string, tables: string): Sqlite.Database {
  const db = openDatabase(file, tables);
  db.pragma('foreign_keys = off');
  return db;
}

function applianceOf({ settings }: TestDatabase): Evidence['appliance'] {
  if (settings.kind === 'sqlite') return { kind: 'sqlite', file: settings.file };
  const { host, port, database: name, app } = settings;
  const { user, password } = app;
  return { kind: 'postgres', host, port, name, user, password, organization: ORG };
}

interface Ours {
  run(table: string, row: Row): Promise<void>;
  books: Books;
  close(): Promise<void>;
}

async function openOurs({ settings }: TestDatabase): Promise<Ours> {
  if (settings.kind === 'sqlite') {
    const db = new Sqlite(settings.file);
    db.pragma('foreign_keys = off');
    const run = async (table: string, row: Row): Promise<void> => insert(db, table, row);
    return { run, books: openSqliteBooks(settings.file), close: async () => void db.close() };
  }
  const superuser = { ...postgresCluster(), database: settings.database };
  const client = new pg.Client(superuser);
  await client.connect();
  await client.query(`set session_replication_role = 'replica'`);
  return {
    run: (table, row) => insertPostgres(client, table, row),
    books: await openPostgresBooks(superuser),
    close: () => client.end(),
  };
}

function insert(db: Sqlite.Database, table: string, row: Row): void {
  const columns = db.pragma(`table_info(${table})`) as {
    name: string;
    type: string;
    notnull: number;
    pk: number;
    dflt_value: string | null;
  }[];
  const needed = columns
    .filter((column) => column.notnull === 1 && column.dflt_value === null)
    .map(({ name, type }) => [name, fillerOf(type)] as const);
  const full = { ...Object.fromEntries(needed), ...onlyKnown(row, columns) };
  const names = Object.keys(full);
  db.prepare(
    `insert into ${table} (${names.join(', ')}) values (${names.map(() => '?').join(', ')})`,
  ).run(...Object.values(full));
}

async function insertPostgres(client: pg.Client, table: string, row: Row): Promise<void> {
  const { rows: columns } = await client.query<{ name: string; type: string; isNeeded: boolean }>(
    `select column_name as name, data_type as type, is_nullable = 'NO' and column_default is null
        and is_identity = 'NO' as "isNeeded"
       from information_schema.columns where table_schema = 'public' and table_name = $1`,
    [table],
  );
  const needed = columns
    .filter(({ isNeeded }) => isNeeded)
    .map(({ name, type }) => [name, fillerOf(type)] as const);
  const full = { ...Object.fromEntries(needed), ...onlyKnown(row, columns) };
  const names = Object.keys(full);
  const marks = names.map((_name, index) => `$${index + 1}`).join(', ');
  await client.query(
    `insert into ${table} (${names.join(', ')}) values (${marks})`,
    Object.values(full),
  );
}

/** Tables of the system have no organization. */
function onlyKnown(row: Row, columns: readonly { name: string }[]): Row {
  const known = new Set(columns.map(({ name }) => name));
  const { org_id: org, ...rest } = row;
  return known.has('org_id') && org !== undefined ? row : rest;
}

function fillerOf(type: string): string | number | Buffer {
  const word = type.toLowerCase();
  if (word === 'blob' || word === 'bytea') return Buffer.alloc(0);
  return word === 'text' ? '{}' : 0;
}
