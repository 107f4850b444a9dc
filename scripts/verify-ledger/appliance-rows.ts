// Reads the appliance's database by plain SQL: its operations, its ledger accounts and its transfers.

import Sqlite from 'better-sqlite3';
import pg from 'pg';
import type { OperationKind, ReconciliationRow } from './rows.ts';

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
  kind: string;
  pending_id: string | null;
  debit_account_id: string;
  credit_account_id: string;
  amount_minor: number;
  currency: string;
  code: string;
  operation_id: string | null;
}

export interface ApplianceSide {
  rows: ReconciliationRow[];
  accounts: AccountRow[];
  transfers: TransferRow[];
}

interface OperationRow {
  id: string;
  payment_id: string;
  kind: string;
  amount_minor: number;
  currency: string;
  status: string;
}

const QUERIES = {
  operations: `select id, payment_id, kind, amount_minor, currency, status from operation order by id`,
  accounts: `select id, kind, holder, currency, debits_posted, credits_posted, debits_pending,
    credits_pending from ledger_account order by id`,
  transfers: `select id, kind, pending_id, debit_account_id, credit_account_id, amount_minor, currency,
    code, operation_id from ledger_transfer order by id`,
};

export async function readAppliance(database: ApplianceDatabase): Promise<ApplianceSide> {
  const read = database.kind === 'sqlite' ? readSqlite(database.file) : readPostgres(database);
  const { operations, accounts, transfers } = await read;
  return {
    rows: (operations as OperationRow[]).flatMap(toRow),
    accounts,
    transfers,
  } as ApplianceSide;
}

type Tables = Record<keyof typeof QUERIES, unknown[]>;

async function readSqlite(file: string): Promise<Tables> {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true });
  try {
    // One transaction, so that the three tables are of one moment.
    return db.transaction(() => ({
      operations: db.prepare(QUERIES.operations).all(),
      accounts: db.prepare(QUERIES.accounts).all(),
      transfers: db.prepare(QUERIES.transfers).all(),
    }))();
  } finally {
    db.close();
  }
}

async function readPostgres(
  database: Extract<ApplianceDatabase, { kind: 'postgres' }>,
): Promise<Tables> {
  const { host, port, name, user, password, organization } = database;
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  const client = new pg.Client({ host, port, database: name, user, password, types });
  await client.connect();
  try {
    await client.query('begin isolation level repeatable read read only');
    await client.query(`select set_config('app.org', $1, true)`, [organization]);
    const all = async (text: string): Promise<unknown[]> => (await client.query(text)).rows;
    return {
      operations: await all(QUERIES.operations),
      accounts: await all(QUERIES.accounts),
      transfers: await all(QUERIES.transfers),
    };
  } finally {
    await client.end();
  }
}

const SETTLED = { succeeded: 'succeeded', declined: 'declined' } as const;
/** Never executed anywhere, so the provider has nothing to compare with. */
const NOTHING_HAPPENED = new Set(['cancelled', 'absent']);

function toRow(operation: OperationRow): ReconciliationRow[] {
  if (NOTHING_HAPPENED.has(operation.status)) return [];
  const kind = operation.kind as OperationKind;
  // The provider files a capture or a cancellation under its payment intent, that is, our payment.
  const byPayment = kind === 'capture' || kind === 'void';
  return [
    {
      key: byPayment ? operation.payment_id : operation.id,
      kind,
      amountMinor: operation.amount_minor,
      currency: operation.currency,
      state: SETTLED[operation.status as keyof typeof SETTLED] ?? 'unsettled',
      origin: `${operation.id} ${operation.status}`,
    },
  ];
}
