// Writes a chain of transfers, all or none: accounts are opened, locked in the order of their ids, every
// limit is checked against the locked balances, and only then anything is written.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { assert, present } from '../../shared/assert.ts';
import { AMOUNT_MINOR_MAX } from '../../shared/money.ts';
import type { Instant } from '../../shared/world.ts';
import { type Account, type AccountKey, type Balance, heldOn, type Transfer } from './account.ts';
import {
  addToAccounts,
  findAccounts,
  insertAccount,
  insertTransfers,
  lockAccounts,
} from './store.ts';

export type LedgerDeps = Pick<Deps, 'ids' | 'world'>;

export interface Entry {
  /** `pending` reserves and counts at once against limits; `single` is posted as it is written. */
  kind: 'pending' | 'single';
  debit: Omit<AccountKey, 'currency'>;
  credit: Omit<AccountKey, 'currency'>;
  amountMinor: number;
  currency: string;
  /** Why: `exposure`, `capture`, `receivable` … */
  code: string;
  paymentId: string | null;
  operationId: string | null;
  /** Of a pending entry: when it may be expired. It never ends by itself. */
  expiresAt?: Instant;
  /** The most the debited account may hold once this entry is written. */
  limit?: { name: string; maxMinor: number };
}

export type Written =
  | { ok: true; transferIds: readonly string[] }
  /** Nothing was written. */
  | { ok: false; limit: string; maxMinor: number; wouldBeMinor: number };

export async function writeEntries(
  deps: LedgerDeps,
  tx: Tx,
  entries: readonly Entry[],
): Promise<Written> {
  for (const entry of entries) checkEntry(entry);
  const idOf = await openAccounts(deps, tx, entries.flatMap(accountsOf));
  const accounts = await lockAccounts(tx, [...new Set(idOf.values())]);
  const changes = new Map<string, Balance>();
  for (const entry of entries) {
    const debit = present(accounts.get(idOf.get(keyText(debitOf(entry))) ?? ''), 'a debit account');
    const credit = present(
      accounts.get(idOf.get(keyText(creditOf(entry))) ?? ''),
      'a credit account',
    );
    const broken = brokenLimit(entry, { debit, pending: changes.get(debit.id) ?? NOTHING });
    if (broken !== null) return broken;
    addTo(changes, debit.id, side(entry, 'debits'));
    addTo(changes, credit.id, side(entry, 'credits'));
  }
  const createdAt = deps.world.clock.now();
  const transfers = entries.map((entry): Transfer => ({
    id: deps.ids.make('ledgerTransfer'),
    kind: entry.kind,
    pendingId: null,
    debitAccountId: present(idOf.get(keyText(debitOf(entry))), 'a debit account'),
    creditAccountId: present(idOf.get(keyText(creditOf(entry))), 'a credit account'),
    amountMinor: entry.amountMinor,
    currency: entry.currency,
    code: entry.code,
    paymentId: entry.paymentId,
    operationId: entry.operationId,
    expiresAt: entry.expiresAt ?? null,
    createdAt,
  }));
  await insertTransfers(tx, transfers);
  await addToAccounts(tx, changes);
  return { ok: true, transferIds: transfers.map(({ id }) => id) };
}

/** Opens what is missing, in one fixed order, and answers the id of each key. */
export async function openAccounts(
  deps: LedgerDeps,
  tx: Tx,
  keys: readonly AccountKey[],
): Promise<Map<string, string>> {
  const wanted = new Map(keys.map((key) => [keyText(key), key]));
  const found = await findAccounts(tx, [...wanted.values()]);
  const idOf = new Map(found.map((account) => [keyText(account), account.id]));
  const missing = [...wanted].filter(([text]) => !idOf.has(text)).toSorted(byText);
  if (missing.length === 0) return idOf;
  for (const [, key] of missing) {
    const id = deps.ids.make('ledgerAccount');
    await insertAccount(tx, { ...key, id, createdAt: deps.world.clock.now() });
  }
  const opened = await findAccounts(
    tx,
    missing.map(([, key]) => key),
  );
  for (const account of opened) idOf.set(keyText(account), account.id);
  return idOf;
}

const NOTHING: Readonly<Balance> = {
  debitsPosted: 0,
  creditsPosted: 0,
  debitsPending: 0,
  creditsPending: 0,
};

export function addTo(
  changes: Map<string, Balance>,
  accountId: string,
  change: Partial<Balance>,
): void {
  const sum = { ...(changes.get(accountId) ?? NOTHING) };
  for (const name of Object.keys(change) as (keyof Balance)[]) sum[name] += change[name] ?? 0;
  changes.set(accountId, sum);
}

function side(entry: Entry, which: 'debits' | 'credits'): Partial<Balance> {
  const state = entry.kind === 'single' ? 'Posted' : 'Pending';
  return { [`${which}${state}`]: entry.amountMinor };
}

function brokenLimit(
  { amountMinor, limit }: Entry,
  { debit, pending }: { debit: Account; pending: Readonly<Balance> },
): Extract<Written, { ok: false }> | null {
  if (limit === undefined) return null;
  const wouldBeMinor = heldOn(debit) + heldOn(pending) + amountMinor;
  if (wouldBeMinor <= limit.maxMinor) return null;
  return { ok: false, limit: limit.name, maxMinor: limit.maxMinor, wouldBeMinor };
}

function checkEntry({ amountMinor, debit, credit }: Entry): void {
  assert(
    Number.isSafeInteger(amountMinor) && amountMinor > 0 && amountMinor <= AMOUNT_MINOR_MAX,
    `a transfer of ${amountMinor} minor units`,
  );
  assert(
    debit.kind !== credit.kind || debit.holder !== credit.holder,
    'a transfer from an account to itself',
  );
}

const debitOf = (entry: Entry): AccountKey => ({ ...entry.debit, currency: entry.currency });
const creditOf = (entry: Entry): AccountKey => ({ ...entry.credit, currency: entry.currency });
const accountsOf = (entry: Entry): AccountKey[] => [debitOf(entry), creditOf(entry)];

export function keyText({ kind, holder, currency }: AccountKey): string {
  return `${kind} ${holder} ${currency}`;
}

function byText([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1;
}
