// SQL over ledger accounts and transfers. Rows are locked in the order of their ids, always, so that two
// transfers over the same accounts wait for each other and never for ever.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Instant } from '../../shared/world.ts';
import type {
  Account,
  AccountKey,
  AccountKind,
  Balance,
  Transfer,
  TransferKind,
} from './account.ts';

const ACCOUNT = `a.id, a.kind, a.holder, a.currency, a.debits_posted, a.credits_posted,
  a.debits_pending, a.credits_pending`;
const TRANSFER = `t.id, t.kind, t.pending_id, t.debit_account_id, t.credit_account_id, t.amount_minor,
  t.currency, t.code, t.payment_id, t.operation_id, t.expires_at, t.created_at`;

export async function findAccounts(
  db: OrgQueryable,
  keys: readonly AccountKey[],
): Promise<Account[]> {
  const wanted = db.dialect.rowsOf('$2', { kind: 'text', holder: 'text', currency: 'text' }, 'k');
  const rows = await db.query<AccountRow>(
    `select ${ACCOUNT} from ledger_account a, ${wanted}
      where a.org_id = $1 and a.kind = k.kind and a.holder = k.holder and a.currency = k.currency`,
    [
      db.org,
      JSON.stringify(keys.map(({ kind, holder, currency }) => ({ kind, holder, currency }))),
    ],
  );
  return rows.map(toAccount);
}

/** Another transaction may open the same account at the same moment: one row comes of it. */
export async function insertAccount(
  tx: Tx,
  account: AccountKey & { id: string; createdAt: Instant },
): Promise<void> {
  const { id, kind, holder, currency, createdAt } = account;
  await tx.execute(
    `insert into ledger_account (org_id, id, kind, holder, currency, debits_posted, credits_posted,
       debits_pending, credits_pending, created_at, version)
     values ($1, $2, $3, $4, $5, 0, 0, 0, 0, $6, 1)
     on conflict (org_id, kind, holder, currency) do nothing`,
    [tx.org, id, kind, holder, currency, createdAt],
  );
}

export async function lockAccounts(tx: Tx, ids: readonly string[]): Promise<Map<string, Account>> {
  const rows = await tx.query<AccountRow>(
    `select ${ACCOUNT} from ledger_account a
      where a.org_id = $1 and a.id in (${tx.dialect.textsOf('$2')})
      order by a.id ${tx.dialect.forUpdate}`,
    [tx.org, JSON.stringify(ids)],
  );
  return new Map(rows.map((row) => [row.id, toAccount(row)]));
}

export async function addToAccounts(
  tx: Tx,
  changes: ReadonlyMap<string, Readonly<Balance>>,
): Promise<void> {
  const columns = {
    id: 'text',
    dp: 'integer',
    cp: 'integer',
    dq: 'integer',
    cq: 'integer',
  } as const;
  const rows = [...changes].map(([id, change]) => ({
    id,
    dp: change.debitsPosted,
    cp: change.creditsPosted,
    dq: change.debitsPending,
    cq: change.creditsPending,
  }));
  await tx.execute(
    `update ledger_account set debits_posted = debits_posted + d.dp,
        credits_posted = credits_posted + d.cp, debits_pending = debits_pending + d.dq,
        credits_pending = credits_pending + d.cq, version = version + 1
       from ${tx.dialect.rowsOf('$2', columns, 'd')}
      where org_id = $1 and ledger_account.id = d.id`,
    [tx.org, JSON.stringify(rows)],
  );
}

/** Returns how many rows were new: a pending transfer is ended by one row, whoever comes first. */
export async function insertTransfers(tx: Tx, transfers: readonly Transfer[]): Promise<number> {
  const columns = {
    id: 'text',
    kind: 'text',
    pending: 'text',
    debit: 'text',
    credit: 'text',
    amount: 'integer',
    currency: 'text',
    code: 'text',
    payment: 'text',
    operation: 'text',
    expires: 'integer',
    created: 'integer',
  } as const;
  const rows = transfers.map((each) => ({
    id: each.id,
    kind: each.kind,
    pending: each.pendingId,
    debit: each.debitAccountId,
    credit: each.creditAccountId,
    amount: each.amountMinor,
    currency: each.currency,
    code: each.code,
    payment: each.paymentId,
    operation: each.operationId,
    expires: each.expiresAt,
    created: each.createdAt,
  }));
  // `where true`: without it SQLite reads "on conflict" as the condition of a join.
  return tx.execute(
    `insert into ledger_transfer (org_id, id, kind, pending_id, debit_account_id, credit_account_id,
       amount_minor, currency, code, payment_id, operation_id, expires_at, created_at)
     select cast($1 as text), r.id, r.kind, r.pending, r.debit, r.credit, r.amount, r.currency, r.code,
       r.payment, r.operation, r.expires, r.created
       from ${tx.dialect.rowsOf('$2', columns, 'r')} where true
     on conflict (org_id, pending_id) do nothing`,
    [tx.org, JSON.stringify(rows)],
  );
}

export async function findPending(db: OrgQueryable, id: string): Promise<Transfer | null> {
  const rows = await db.query<TransferRow>(
    `select ${TRANSFER} from ledger_transfer t
      where t.org_id = $1 and t.id = $2 and t.kind = 'pending'`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toTransfer(rows[0]);
}

/** How a pending transfer was ended, or null while it is open. */
export async function findEnding(db: OrgQueryable, pendingId: string): Promise<Transfer | null> {
  const rows = await db.query<TransferRow>(
    `select ${TRANSFER} from ledger_transfer t where t.org_id = $1 and t.pending_id = $2`,
    [db.org, pendingId],
  );
  return rows[0] === undefined ? null : toTransfer(rows[0]);
}

export async function listOpenPending(
  db: OrgQueryable,
  { paymentId, code }: { paymentId: string; code: string },
): Promise<Transfer[]> {
  const rows = await db.query<TransferRow>(
    `select ${TRANSFER} from ledger_transfer t
      where t.org_id = $1 and t.payment_id = $2 and t.code = $3 and t.kind = 'pending'
        and not exists (select 1 from ledger_transfer e
          where e.org_id = t.org_id and e.pending_id = t.id)
      order by t.id`,
    [db.org, paymentId, code],
  );
  return rows.map(toTransfer);
}

/** Payments whose posted transfers leave something owed on the account, oldest first. */
export async function listOpenItems(
  db: OrgQueryable,
  accountId: string,
): Promise<{ paymentId: string; openMinor: number; since: Instant }[]> {
  const rows = await db.query<{ payment_id: string; open_minor: number; since: number }>(
    `select t.payment_id, min(t.created_at) as since,
        sum(case when t.debit_account_id = $2 then t.amount_minor else -t.amount_minor end) as open_minor
       from ledger_transfer t
      where t.org_id = $1 and (t.debit_account_id = $2 or t.credit_account_id = $2)
        and t.kind in ('single', 'post') and t.payment_id is not null
      group by t.payment_id
     having sum(case when t.debit_account_id = $2 then t.amount_minor else -t.amount_minor end) <> 0
      order by min(t.created_at), t.payment_id`,
    [db.org, accountId],
  );
  return rows.map((row) => ({
    paymentId: row.payment_id,
    openMinor: row.open_minor,
    since: row.since,
  }));
}

export interface CurrencySums extends Balance {
  currency: string;
}

export async function sumAccounts(db: OrgQueryable): Promise<CurrencySums[]> {
  const rows = await db.query<Record<string, string | number>>(
    `select a.currency, sum(a.debits_posted) as dp, sum(a.credits_posted) as cp,
        sum(a.debits_pending) as dq, sum(a.credits_pending) as cq
       from ledger_account a where a.org_id = $1 group by a.currency order by a.currency`,
    [db.org],
  );
  return rows.map((row) => ({
    currency: String(row['currency']),
    debitsPosted: Number(row['dp']),
    creditsPosted: Number(row['cp']),
    debitsPending: Number(row['dq']),
    creditsPending: Number(row['cq']),
  }));
}

type AccountRow = {
  id: string;
  kind: string;
  holder: string;
  currency: string;
  debits_posted: number;
  credits_posted: number;
  debits_pending: number;
  credits_pending: number;
};

function toAccount(row: AccountRow): Account {
  return {
    id: row.id,
    kind: row.kind as AccountKind,
    holder: row.holder,
    currency: row.currency,
    debitsPosted: row.debits_posted,
    creditsPosted: row.credits_posted,
    debitsPending: row.debits_pending,
    creditsPending: row.credits_pending,
  };
}

type TransferRow = {
  id: string;
  kind: string;
  pending_id: string | null;
  debit_account_id: string;
  credit_account_id: string;
  amount_minor: number;
  currency: string;
  code: string;
  payment_id: string | null;
  operation_id: string | null;
  expires_at: number | null;
  created_at: number;
};

function toTransfer(row: TransferRow): Transfer {
  return {
    id: row.id,
    kind: row.kind as TransferKind,
    pendingId: row.pending_id,
    debitAccountId: row.debit_account_id,
    creditAccountId: row.credit_account_id,
    amountMinor: row.amount_minor,
    currency: row.currency,
    code: row.code,
    paymentId: row.payment_id,
    operationId: row.operation_id,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
  };
}
