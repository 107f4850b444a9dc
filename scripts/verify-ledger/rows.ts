// The one form all three books are brought to before they are compared: our operations, our ledger, and
// the provider's own rows.

/** `release`: an authorisation that was given back or lapsed, and took no money. */
export type MoneyKind = 'authorise' | 'capture' | 'release' | 'refund';

/** What is compared: operation, amount, currency, state. */
export interface ReconciliationRow {
  /** The appliance's operation id; for captures and releases the provider knows only the payment's. */
  key: string;
  kind: MoneyKind;
  amountMinor: number;
  currency: string;
  state: 'succeeded' | 'declined' | 'unsettled';
  /** Where the row comes from, for the reader of a difference. */
  origin: string;
}

export interface Difference {
  key: string;
  kind: string;
  ours: string;
  /** What stands against it, and what that is: the provider's row, or what the books must say. */
  theirs: string;
}

export function describeRow(row: ReconciliationRow | undefined): string {
  if (row === undefined) return 'nothing';
  return `${row.amountMinor} ${row.currency} ${row.state} (${row.origin})`;
}
