// Our two statements about the same money, each brought to the common form by itself: what the operations
// say happened, and what the ledger's transfers say was booked. Neither looks at the other.

import type { OperationRow, TransferRow } from './appliance-rows.ts';
import type { ReconciliationRow } from './rows.ts';

const SETTLED: Readonly<Record<string, ReconciliationRow['state']>> = {
  succeeded: 'succeeded',
  declined: 'declined',
};
/** Never executed anywhere, so there is nothing to compare with. */
const NOTHING_HAPPENED = new Set(['cancelled', 'absent']);

export function rowsOfOperations(operations: readonly OperationRow[]): ReconciliationRow[] {
  return operations.flatMap((operation): ReconciliationRow[] => {
    const { kind, status } = operation;
    if (NOTHING_HAPPENED.has(status)) return [];
    const row = {
      amountMinor: operation.amount_minor,
      currency: operation.currency,
      state: SETTLED[status] ?? 'unsettled',
      origin: `${kind} ${operation.id} ${status}`,
    };
    // The provider files captures and cancellations under its payment intent, that is, our payment.
    if (kind === 'authorise' || kind === 'refund') return [{ ...row, key: operation.id, kind }];
    const key = operation.payment_id;
    // A capture is refused only because its authorisation lapsed: at the provider that is a release.
    if (kind === 'capture' && status === 'declined')
      return [{ ...row, key, kind: 'release', state: 'succeeded' }];
    // A release that was refused released nothing.
    if (kind === 'void' && status === 'declined') return [];
    return [{ ...row, key, kind: kind === 'void' ? 'release' : kind }];
  });
}

/** Money that moved, by the transfers alone: what is only held, and what came back, moved nothing. */
export function rowsOfTransfers(transfers: readonly TransferRow[]): ReconciliationRow[] {
  const returned = new Set(
    transfers.filter(({ code }) => code === 'refund_returned').map((each) => each.operation_id),
  );
  return transfers.flatMap((transfer): ReconciliationRow[] => {
    const { code, kind, operation_id: operation } = transfer;
    if (code !== 'capture' && code !== 'refund_paid') return [];
    if (code === 'refund_paid' && returned.has(operation)) return [];
    const moved = code === 'refund_paid' ? 'refund' : MOVED[kind];
    const isOfPayment = moved === 'capture' || moved === 'release';
    const key = isOfPayment ? transfer.payment_id : operation;
    return [
      {
        key: key ?? `nothing, on the transfer ${transfer.id}`,
        kind: moved,
        amountMinor: transfer.amount_minor,
        currency: transfer.currency,
        state: 'succeeded',
        origin: `${kind} of ${code} ${transfer.id}`,
      },
    ];
  });
}

/** What a transfer of the code `capture` says by its kind. */
const MOVED = {
  pending: 'authorise',
  post: 'capture',
  void: 'release',
  expire: 'release',
  single: 'capture',
} as const;
