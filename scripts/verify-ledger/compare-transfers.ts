// The ledger against what the payments and their operations say must be in it: a transfer that is missing,
// another one than expected, and one that nothing explains are each named.

import type { AccountRow, ApplianceSide, PaymentRow, TransferRow } from './appliance-rows.ts';
import { type ExpectedTransfer, expectedTransfers } from './expected-transfers.ts';
import type { Difference } from './rows.ts';

/** One expected transfer or one found, in words that are equal when they are the same. */
interface Line {
  /** What it is for: never two of a name in one payment, but for what people did several times. */
  name: string;
  text: string;
  origin: string;
}

export function compareTransfers(side: ApplianceSide): Difference[] {
  const found = groupBy(side.transfers.filter(isFirst), ({ payment_id: id }) => id ?? '');
  const operations = groupBy(side.operations, ({ payment_id: id }) => id);
  const events = groupBy(side.events, ({ payment_id: id }) => id);
  const words = wordsOf(side);
  const differences = side.payments.flatMap((payment) => {
    const lines = (found.get(payment.id) ?? []).map(words.line);
    found.delete(payment.id);
    const books = {
      payment,
      operations: operations.get(payment.id) ?? [],
      events: events.get(payment.id) ?? [],
    };
    return [
      ...join(payment.id, lines, expectedTransfers(books).map(expectedLine)),
      ...compareSums(books),
    ];
  });
  const strays = [...found.values()].flat().map((transfer) => words.line(transfer));
  return [...differences, ...join('no payment', strays, []), ...words.strayEndings()];
}

function isFirst({ kind }: TransferRow): boolean {
  return kind === 'pending' || kind === 'single';
}

function join(payment: string, found: Line[], expected: Line[]): Difference[] {
  const left = groupBy(found, ({ name }) => name);
  const right = groupBy(expected, ({ name }) => name);
  return [...new Set([...left.keys(), ...right.keys()])].flatMap((name) => {
    const mine = (left.get(name) ?? []).toSorted(byText);
    const wanted = (right.get(name) ?? []).toSorted(byText);
    const longest = mine.length > wanted.length ? mine : wanted;
    return longest.flatMap((_line, index) => {
      const [have, want] = [mine[index], wanted[index]];
      if (have?.text === want?.text) return [];
      return [
        {
          key: payment,
          kind: `transfer ${name}`,
          ours: have === undefined ? 'nothing' : `${have.text} (${have.origin})`,
          theirs: want === undefined ? 'nothing that explains it' : want.text,
        },
      ];
    });
  });
}

function byText(a: Line, b: Line): number {
  return a.text < b.text ? -1 : 1;
}

function expectedLine(expected: ExpectedTransfer): Line {
  const { code, operationId, kind, debit, credit, amountMinor, currency, ending } = expected;
  const end = ending === null ? '' : `, ${ending.kind} ${ending.amountMinor}`;
  return {
    name: nameOf(code, operationId, debit),
    text: `${kind} ${amountMinor} ${currency} ${debit} → ${credit}${end}`,
    origin: '',
  };
}

/** An acceptance has one exposure for each bound, so the bound is part of the name. */
function nameOf(code: string, operationId: string | null, debit: string): string {
  if (code === 'exposure') return `${code} ${debit.split(':')[0]}`;
  return operationId === null ? code : `${code} of ${operationId}`;
}

function wordsOf({ accounts, transfers, operations }: ApplianceSide): {
  line(transfer: TransferRow): Line;
  strayEndings(): Difference[];
} {
  const accountOf = new Map(accounts.map((account) => [account.id, account]));
  const refundOf = new Map(operations.map(({ id, hold_transfer_id: hold }) => [hold, id]));
  const firsts = new Map(transfers.filter(isFirst).map((transfer) => [transfer.id, transfer]));
  const endings = groupBy(
    transfers.filter((transfer) => !isFirst(transfer)),
    ({ pending_id: id }) => id ?? '',
  );
  const account = (id: string, currency: string): string => {
    const found = accountOf.get(id);
    return found === undefined ? `no account ${id}` : accountText(found, currency);
  };
  const accountsOf = ({ debit_account_id, credit_account_id, currency }: TransferRow): string =>
    `${account(debit_account_id, currency)} → ${account(credit_account_id, currency)}`;
  const endText = (first: TransferRow, end: TransferRow): string => {
    const isSame = accountsOf(first) === accountsOf(end) && first.currency === end.currency;
    const elsewhere = isSame ? '' : ` ${end.currency} ${accountsOf(end)}`;
    return `, ${end.kind} ${end.amount_minor}${elsewhere}`;
  };
  return {
    line: (transfer) => {
      const { id, code, kind, amount_minor: amount, currency } = transfer;
      const ended = (endings.get(id) ?? []).map((end) => endText(transfer, end));
      // A refund is held before its operation is written, and named by it.
      const operationId = transfer.operation_id ?? (code === 'refund' ? refundOf.get(id) : null);
      const debit = account(transfer.debit_account_id, currency);
      return {
        name: nameOf(code, operationId ?? null, debit),
        text: `${kind} ${amount} ${currency} ${accountsOf(transfer)}${ended.join('')}`,
        origin: id,
      };
    },
    strayEndings: () =>
      [...endings.values()].flat().flatMap((end) => {
        const first = firsts.get(end.pending_id ?? '');
        const isItsOwn =
          first?.kind === 'pending' &&
          first.payment_id === end.payment_id &&
          first.operation_id === end.operation_id &&
          first.code === end.code;
        if (isItsOwn) return [];
        const ours = `${end.kind} ${end.amount_minor} ${end.currency} (${end.id})`;
        const theirs = `no pending transfer ${end.pending_id} of this payment and code`;
        return [
          { key: end.payment_id ?? 'no payment', kind: `transfer ${end.code}`, ours, theirs },
        ];
      }),
  };
}

/** Sites and days are not the payment's to know: `*` stands for them. */
function accountText({ kind, holder, currency }: AccountRow, expected: string): string {
  const text = `${kind}:${holder}`
    .replace(/(offline_exposure_site):.*$/, '$1:*')
    .replace(/(offline_day_person:[^:]+):.*$/, '$1:*');
  return currency === expected ? text : `${text} in ${currency}`;
}

function compareSums(of: {
  payment: PaymentRow;
  operations: ApplianceSide['operations'];
}): Difference[] {
  const { payment } = of;
  const sumOf = (kind: string): number =>
    of.operations
      .filter((each) => each.kind === kind && each.status === 'succeeded')
      .reduce((sum, { amount_minor: amount }) => sum + amount, 0);
  const sums = [
    ['captured', payment.captured_minor, sumOf('capture')],
    ['refunded', payment.refunded_minor, sumOf('refund')],
  ] as const;
  return sums
    .filter(([, ours, wanted]) => ours !== wanted)
    .map(([kind, ours, wanted]) => ({
      key: payment.id,
      kind: `sum ${kind}`,
      ours: `${ours} on the payment`,
      theirs: `${wanted} by its operations`,
    }));
}

function groupBy<T>(rows: readonly T[], keyOf: (row: T) => string): Map<string, T[]> {
  return Map.groupBy(rows, keyOf);
}
