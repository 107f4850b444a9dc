// The comparison itself, pure: rows against rows, accounts against the transfers they claim to sum.

import type { AccountRow, ApplianceSide, TransferRow } from './appliance-rows.ts';
import { describeRow, type Difference, type ReconciliationRow } from './rows.ts';

/** Full outer join on kind and key; several rows under one key are compared in order of their size. */
export function compareRows(
  ours: readonly ReconciliationRow[],
  provider: readonly ReconciliationRow[],
): Difference[] {
  const differences: Difference[] = [];
  const left = groupRows(ours);
  const right = groupRows(provider);
  for (const name of new Set([...left.keys(), ...right.keys()])) {
    const mine = left.get(name) ?? [];
    const theirs = right.get(name) ?? [];
    for (let index = 0; index < Math.max(mine.length, theirs.length); index += 1) {
      if (!equal(mine[index], theirs[index])) {
        const [kind = '', key = ''] = name.split(' ');
        const [a, b] = [describeRow(mine[index]), describeRow(theirs[index])];
        differences.push({ key, kind, ours: a, theirs: b });
      }
    }
  }
  return differences;
}

/** Recomputes every balance from the transfers, and the books' balance from the accounts. */
export function compareBooks({
  accounts,
  transfers,
}: Pick<ApplianceSide, 'accounts' | 'transfers'>): Difference[] {
  const computed = computeBalances(transfers);
  const wrong = accounts.flatMap((account) => {
    const balance = computed.get(account.id) ?? emptyBalance();
    return BALANCES.filter((name) => account[name] !== balance[name]).map((name) => ({
      key: `${account.kind}:${account.holder}`,
      kind: name,
      ours: `${account[name]} on the account`,
      theirs: `${balance[name]} by its transfers`,
    }));
  });
  return [...wrong, ...unbalanced(accounts)];
}

const BALANCES = ['debits_posted', 'credits_posted', 'debits_pending', 'credits_pending'] as const;
type Balance = Record<(typeof BALANCES)[number], number>;

function emptyBalance(): Balance {
  return { debits_posted: 0, credits_posted: 0, debits_pending: 0, credits_pending: 0 };
}

function computeBalances(transfers: readonly TransferRow[]): Map<string, Balance> {
  const balances = new Map<string, Balance>();
  const at = (id: string): Balance => {
    const balance = balances.get(id) ?? emptyBalance();
    balances.set(id, balance);
    return balance;
  };
  const ended = new Set(transfers.map((transfer) => transfer.pending_id));
  for (const transfer of transfers) {
    const { debit_account_id: debit, credit_account_id: credit, amount_minor: amount } = transfer;
    if (transfer.kind === 'single' || transfer.kind === 'post') {
      at(debit).debits_posted += amount;
      at(credit).credits_posted += amount;
    } else if (transfer.kind === 'pending' && !ended.has(transfer.id)) {
      at(debit).debits_pending += amount;
      at(credit).credits_pending += amount;
    }
  }
  return balances;
}

function unbalanced(accounts: readonly AccountRow[]): Difference[] {
  const totals = new Map<string, Balance>();
  for (const account of accounts) {
    const total = totals.get(account.currency) ?? emptyBalance();
    for (const name of BALANCES) total[name] += account[name];
    totals.set(account.currency, total);
  }
  return [...totals].flatMap(([currency, total]) =>
    (['posted', 'pending'] as const)
      .filter((side) => total[`debits_${side}`] !== total[`credits_${side}`])
      .map((side) => ({
        key: currency,
        kind: `books ${side}`,
        ours: `debits ${total[`debits_${side}`]}`,
        theirs: `credits ${total[`credits_${side}`]}`,
      })),
  );
}

function groupRows(rows: readonly ReconciliationRow[]): Map<string, ReconciliationRow[]> {
  const groups = new Map<string, ReconciliationRow[]>();
  for (const row of rows) {
    const name = `${row.kind} ${row.key}`;
    groups.set(name, [...(groups.get(name) ?? []), row]);
  }
  for (const group of groups.values()) group.sort((a, b) => a.amountMinor - b.amountMinor);
  return groups;
}

function equal(a: ReconciliationRow | undefined, b: ReconciliationRow | undefined): boolean {
  return (
    a !== undefined &&
    b !== undefined &&
    a.amountMinor === b.amountMinor &&
    a.currency === b.currency &&
    a.state === b.state
  );
}
