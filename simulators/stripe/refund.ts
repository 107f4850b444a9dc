// A refund: its row and its JSON.

import { seconds, type StripeObject } from './call.ts';

export type RefundRow = {
  seq: number;
  id: string;
  created_ms: number;
  charge: string;
  payment_intent: string;
  amount_minor: number;
  currency: string;
  status: 'pending' | 'succeeded' | 'failed';
  reason: string | null;
  failure_reason: string | null;
  due_status: 'succeeded' | 'failed' | null;
  metadata: string;
};

export function presentRefund(row: RefundRow): StripeObject {
  return {
    id: row.id,
    object: 'refund',
    amount: row.amount_minor,
    balance_transaction: `txn_${row.id.slice(3)}`,
    charge: row.charge,
    created: seconds(row.created_ms),
    currency: row.currency,
    customer: null,
    customer_account: null,
    destination_details: { card: { type: 'refund' }, type: 'card' },
    ...(row.failure_reason === null ? {} : { failure_reason: row.failure_reason }),
    metadata: JSON.parse(row.metadata) as unknown,
    payment_intent: row.payment_intent,
    payment_method: null,
    reason: row.reason,
    receipt_number: null,
    source_transfer_reversal: null,
    status: row.status,
    transfer_reversal: null,
  };
}
