// Books with everything in them that a payment can become, written by the product itself against the real
// Stripe twin; and a hand that changes single rows behind the product's back, and puts them back.

import Sqlite from 'better-sqlite3';
import { execFile } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { ApplianceDatabase } from '../../../scripts/verify-ledger/appliance-rows.ts';
import { refundPayment, voidPayment } from '../../../server/domains/payments/change-payment.ts';
import { settleReceivable } from '../../../server/domains/payments/receivables.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import type { DatabaseSettings } from '../../../server/platform/database/connect.ts';
import {
  accept,
  addPayer,
  byHand,
  read,
  type Till,
  untilStatus,
} from '../../domains/payments/paid-door.ts';
import { postgresCluster } from '../../support/postgres-database.ts';
import { until } from '../../support/until.ts';

const SCRIPT = fileURLToPath(new URL('../../../scripts/verify-ledger.ts', import.meta.url));
const DECLINING = '4000000000000341';
const REFUND_FAILS = '4000000000005126';
const WEEK_MS = 7 * 86_400_000;
const by = { actor: { kind: 'api_key', id: 'key_test' }, traceId: null };

/** Payments by what became of them. */
export type Told = Record<
  'captured' | 'refunded' | 'returned' | 'owed' | 'settled' | 'offline' | 'voided' | 'lapsed',
  string
>;

export async function fillBooks(till: Till): Promise<Told> {
  const payer = await addPayer(till);
  const decliner = await addPayer(till, DECLINING);
  const returner = await addPayer(till, REFUND_FAILS);
  const refund = (paymentId: string) =>
    transaction(till.db, (tx) =>
      refundPayment(till.room, tx, { paymentId, amountMinor: 500, ...by }),
    );
  const paid = async (person: string, status: 'captured' | 'declined'): Promise<string> => {
    const id = await accept(till, person, 1_234);
    await untilStatus(till, id, status);
    return id;
  };
  const captured = await paid(payer, 'captured');
  const refunded = await paid(payer, 'captured');
  const returned = await paid(returner, 'captured');
  for (const id of [refunded, returned]) {
    await refund(id);
    await untilStatus(till, id, 'partially_refunded');
  }
  await till.twin.ask('POST', '/clock', { advance_ms: 120_000 });
  await until('the refund that came back', async () => {
    await till.inbox.pollNow('stripe');
    return (await read(till, returned)).of('refund').status === 'declined';
  });
  const owed = await paid(decliner, 'declined');
  const settled = await paid(decliner, 'declined');
  await transaction(till.db, (tx) =>
    settleReceivable(till.room, tx, { paymentId: settled, note: 'cash', ...by }),
  );
  till.contact.now = { reachable: false, lastOkAt: till.deps.world.clock.now() };
  const offline = await paid(payer, 'captured');
  till.contact.now = null;
  await till.outbox.stop(2_000);
  const authorised = async (): Promise<string> => {
    const id = await accept(till, payer, 1_234);
    await byHand(till, (await read(till, id)).of('authorise')).run();
    return id;
  };
  const voided = await authorised();
  await transaction(till.db, (tx) => voidPayment(till.room, tx, { paymentId: voided, ...by }));
  await byHand(till, (await read(till, voided)).of('void')).run();
  const lapsed = await authorised();
  await till.twin.ask('POST', '/clock', { advance_ms: WEEK_MS });
  await byHand(till, (await read(till, lapsed)).of('capture')).run();
  return { captured, refunded, returned, owed, settled, offline, voided, lapsed };
}

/** In the order in which rows may be put back. */
const KEPT = ['ledger_account', 'ledger_transfer', 'operation'] as const;

export interface Hand {
  /** Statements against our database, past the server's roles and grants. */
  change(...statements: string[]): Promise<void>;
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function openHand(settings: DatabaseSettings): Promise<Hand> {
  const { run, close } =
    settings.kind === 'sqlite' ? openSqlite(settings.file) : await openPostgres(settings.database);
  for (const table of KEPT) await run(`create table kept_${table} as select * from ${table}`);
  return {
    change: async (...statements) => {
      for (const statement of statements) await run(statement);
    },
    restore: async () => {
      for (const table of KEPT.toReversed()) await run(`delete from ${table}`);
      for (const table of KEPT) await run(`insert into ${table} select * from kept_${table}`);
    },
    close,
  };
}

type Runner = { run(text: string): Promise<void>; close(): Promise<void> };

function openSqlite(file: string): Runner {
  const db = new Sqlite(file);
  db.pragma('foreign_keys = on');
  return { run: async (text) => void db.exec(text), close: async () => void db.close() };
}

async function openPostgres(database: string): Promise<Runner> {
  const client = new pg.Client({ ...postgresCluster(), database });
  await client.connect();
  return { run: async (text) => void (await client.query(text)), close: () => client.end() };
}

/** A copy of the provider's books with these statements run on it. */
export function changedBooks(file: string, ...statements: string[]): string {
  const copy = join(mkdtempSync(join(tmpdir(), 'changed-books-')), 'twin.sqlite');
  const original = new Sqlite(file, { readonly: true });
  original.exec(`vacuum into '${copy}'`);
  original.close();
  const db = new Sqlite(copy);
  for (const statement of statements) {
    if (db.prepare(statement).run().changes === 0) throw new Error(`Nothing changed: ${statement}`);
  }
  db.close();
  return copy;
}

/** The verifier as a process, as an auditor runs it. */
export function verify(
  settings: DatabaseSettings,
  organization: string,
  stripeFile: string,
): Promise<{ code: number; text: string }> {
  return runVerifier(['--stripe', stripeFile, ...argumentsOf(settings, organization)]);
}

export function runVerifier(argv: readonly string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [SCRIPT, ...argv], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), text: `${stdout}${stderr}` });
    });
  });
}

export function databaseOf(settings: DatabaseSettings, organization: string): ApplianceDatabase {
  if (settings.kind === 'sqlite') return { kind: 'sqlite', file: settings.file };
  const { host, port, database: name, app } = settings;
  const { user, password } = app;
  return { kind: 'postgres', host, port, name, user, password, organization };
}

function argumentsOf(settings: DatabaseSettings, organization: string): string[] {
  if (settings.kind === 'sqlite') return ['--sqlite', settings.file];
  const { host, port, database, app } = settings;
  const passwordFile = join(mkdtempSync(join(tmpdir(), 'verify-')), 'password');
  writeFileSync(passwordFile, app.password, { mode: 0o600 });
  const login = ['--user', app.user, '--password-file', passwordFile];
  return ['--postgres', `${host}:${port}/${database}`, ...login, '--organization', organization];
}
