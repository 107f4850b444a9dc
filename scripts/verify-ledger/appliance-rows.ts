// Reads the appliance's database by plain SQL, all tables at one moment: payments, operations, ledger
// accounts and transfers, and the events that explain what was booked and taken back again.

import Sqlite from 'better-sqlite3';
import pg from 'pg';

export type ApplianceDatabase =
  | { kind: 'sqlite'; file: string }
  | {
      kind: 'postgres';
      host: string;
      port: number;
      name: string;
      user: string;
      password: string;
      /** Row-level security shows one organization; on SQLite all are read. */
      organization: string;
    };

export interface AccountRow {
  id: string;
  kind: string;
  holder: string;
  currency: string;
  debits_posted: number;
  credits_posted: number;
  debits_pending: number;
  credits_pending: number;
}

export interface TransferRow {
  id: string;
  kind: 'single' | 'pending' | 'post' | 'void' | 'expire';
  pending_id: string | null;
  debit_account_id: string;
  credit_account_id: string;
  amount_minor: number;
  currency: string;
  code: string;
  payment_id: string | null;
  operation_id: string | null;
}

export interface OperationRow {
  id: string;
  payment_id: string;
  kind: 'authorise' | 'capture' | 'void' | 'refund';
  amount_minor: number;
  currency: string;
  status: string;
  hold_transfer_id: string | null;
}

export interface PaymentRow {
  id: string;
  org_id: string;
  person_id: string;
  device_id: string | null;
  accepted: 'online' | 'offline';
  amount_minor: number;
  currency: string;
  captured_minor: number;
  refunded_minor: number;
}

export interface EventRow {
  type: 'receivable.settled' | 'payment.late_success' | 'payment.refunded';
  payment_id: string;
  /** JSON. */
  data: string;
}

export interface ApplianceSide {
  payments: PaymentRow[];
  operations: OperationRow[];
  accounts: AccountRow[];
  transfers: TransferRow[];
  events: EventRow[];
}

const QUERIES: Record<keyof ApplianceSide, string> = {
  payments: `select id, org_id, person_id, device_id, accepted, amount_minor, currency, captured_minor,
    refunded_minor from payment order by id`,
  operations: `select id, payment_id, kind, amount_minor, currency, status, hold_transfer_id
    from operation order by id`,
  accounts: `select id, kind, holder, currency, debits_posted, credits_posted, debits_pending,
    credits_pending from ledger_account order by id`,
  transfers: `select id, kind, pending_id, debit_account_id, credit_account_id, amount_minor, currency,
    code, payment_id, operation_id from ledger_transfer order by id`,
  events: `select type, subject_id as payment_id, data from event
    where type in ('receivable.settled', 'payment.late_success', 'payment.refunded') order by pos`,
};
const NAMES = Object.keys(QUERIES) as (keyof ApplianceSide)[];

export async function readAppliance(database: ApplianceDatabase): Promise<ApplianceSide> {
  return database.kind === 'sqlite' ? readSqlite(database.file) : readPostgres(database);
}

function readSqlite(file: string): ApplianceSide {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true });
  try {
    // One transaction, so that all tables are of one moment.
    return db.transaction(() => sideOf(NAMES.map((name) => db.prepare(QUERIES[name]).all())))();
  } finally {
    db.close();
  }
}

async function readPostgres(
  database: Extract<ApplianceDatabase, { kind: 'postgres' }>,
): Promise<ApplianceSide> {
  const { host, port, name, user, password, organization } = database;
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const client = new pg.Client({ host, port, database: name, user, password, types });
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query(`select set_config('app.org', $1, true)`, [organization]);
    const tables: unknown[][] = [];
    for (const table of NAMES) tables.push((await client.query(QUERIES[table])).rows);
    return sideOf(tables);
  } finally {
    await client.end();
  }
}

function sideOf(tables: readonly unknown[][]): ApplianceSide {
  return Object.fromEntries(NAMES.map((name, index) => [name, tables[index]])) as never;
}
