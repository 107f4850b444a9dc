// The one form both sides are brought to before they are compared.

export type OperationKind = 'authorise' | 'capture' | 'void' | 'refund';

/** What is compared: operation, amount, currency, state. */
export interface ReconciliationRow {
  /** The appliance's operation id; for captures and voids the provider knows only the payment's. */
  key: string;
  kind: OperationKind;
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
  provider: string;
}

export function describeRow(row: ReconciliationRow | undefined): string {
  if (row === undefined) return 'nothing';
  return `${row.amountMinor} ${row.currency} ${row.state} (${row.origin})`;
}
