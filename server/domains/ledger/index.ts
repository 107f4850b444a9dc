// The only door of the ledger: double entry, two phases, limits as balances. Pure accounting: it knows no
// payment's state and opens no transaction. Immutable transfers; a balance is the sum of its transfers.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import { present } from '../../shared/assert.ts';
import type { Instant } from '../../shared/world.ts';
import type { AccountKey, Balance, Transfer } from './account.ts';
import { endPending } from './end-pending.ts';
import {
  findAccounts,
  listOpenItems,
  listOpenPending,
  lockAccounts,
  sumAccounts,
} from './store.ts';
import {
  type Entry,
  keyText,
  type LedgerDeps,
  openAccounts,
  writeEntries,
  type Written,
} from './write-entries.ts';

export { type AccountKey, type AccountKind, type Balance, heldOn } from './account.ts';
export type { Entry, Written } from './write-entries.ts';

export interface OpenItem {
  paymentId: string;
  openMinor: number;
  since: Instant;
}

export interface Locked {
  accounts: readonly AccountKey[];
  reserved: { paymentId: string; code: string };
}

export interface Ledger {
  /** Opens the account where there is none; answers its id. */
  openAccount(tx: Tx, key: AccountKey): Promise<string>;
  /** A linked chain: every entry is written, or none and the limit that was hit is named. */
  write(tx: Tx, entries: readonly Entry[]): Promise<Written>;
  /** One posted transfer without a limit; answers its id. */
  transfer(tx: Tx, entry: Omit<Entry, 'kind' | 'limit' | 'expiresAt'>): Promise<string>;
  /** One pending transfer without a limit; answers its id. */
  hold(tx: Tx, entry: Omit<Entry, 'kind' | 'limit'>): Promise<string>;
  /**
   * Before several steps in one transaction: locks these accounts, where they are open, and those of what
   * the payment has reserved, all at once. Locked step by step, two transactions would wait for each other.
   */
  lock(tx: Tx, wanted: Locked): Promise<void>;
  post(tx: Tx, pendingId: string, amountMinor?: number): Promise<boolean>;
  voidTransfer(tx: Tx, pendingId: string): Promise<boolean>;
  expire(tx: Tx, pendingId: string): Promise<boolean>;
  /** Releases what a payment still has reserved under this code; answers how much was open. */
  voidOpen(tx: Tx, wanted: { paymentId: string; code: string }): Promise<number>;
  balance(db: OrgQueryable, key: AccountKey): Promise<Balance | null>;
  /** What each payment left owed on the account. */
  openItems(db: OrgQueryable, key: AccountKey): Promise<readonly OpenItem[]>;
  /** Whether debits equal credits in every currency, posted and pending. */
  sumsToZero(db: OrgQueryable): Promise<boolean>;
}

export function createLedger(deps: LedgerDeps): Ledger {
  const one = async (tx: Tx, entry: Entry): Promise<string> => {
    const written = await writeEntries(deps, tx, [entry]);
    return present(written.ok ? written.transferIds[0] : null, 'the written transfer');
  };
  return {
    openAccount: async (tx, key) =>
      present((await openAccounts(deps, tx, [key])).get(keyText(key)), 'an opened account'),
    write: (tx, entries) => writeEntries(deps, tx, entries),
    transfer: (tx, entry) => one(tx, { ...entry, kind: 'single' }),
    hold: (tx, entry) => one(tx, { ...entry, kind: 'pending' }),
    lock: async (tx, { accounts, reserved }) => {
      const found = await findAccounts(tx, accounts);
      const open = await listOpenPending(tx, reserved);
      await lockAccounts(tx, [...found.map(({ id }) => id), ...open.flatMap(touchedBy)]);
    },
    post: (tx, pendingId, amountMinor) =>
      endPending(deps, tx, {
        pendingId,
        kind: 'post',
        ...(amountMinor === undefined ? {} : { amountMinor }),
      }),
    voidTransfer: (tx, pendingId) => endPending(deps, tx, { pendingId, kind: 'void' }),
    expire: (tx, pendingId) => endPending(deps, tx, { pendingId, kind: 'expire' }),
    voidOpen: async (tx, wanted) => {
      const open = await listOpenPending(tx, wanted);
      await lockAccounts(tx, open.flatMap(touchedBy)); // all at once, so that their order holds over the whole chain
      for (const { id } of open) await endPending(deps, tx, { pendingId: id, kind: 'void' });
      return open.length;
    },
    balance: async (db, key) => (await findAccounts(db, [key]))[0] ?? null,
    openItems: async (db, key) => {
      const [account] = await findAccounts(db, [key]);
      return account === undefined ? [] : listOpenItems(db, account.id);
    },
    sumsToZero: async (db) =>
      (await sumAccounts(db)).every(
        (sums) =>
          sums.debitsPosted === sums.creditsPosted && sums.debitsPending === sums.creditsPending,
      ),
  };
}

function touchedBy({ debitAccountId, creditAccountId }: Transfer): string[] {
  return [debitAccountId, creditAccountId];
}
