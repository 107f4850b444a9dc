// Reads the payment provider's own database (the Stripe twin's file): what it says was authorised,
// captured, cancelled and refunded, by the operation ids that came with the requests.

import Sqlite from 'better-sqlite3';
import type { ReconciliationRow } from './rows.ts';

interface IntentRow {
  id: string;
  amount_minor: number;
  currency: string;
  status: string;
  metadata: string;
  charge_status: string | null;
  captured: number | null;
  amount_captured_minor: number | null;
}

interface RefundRow {
  id: string;
  amount_minor: number;
  currency: string;
  status: string;
  metadata: string;
}

export function readProviderRows(file: string): ReconciliationRow[] {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true });
  try {
    const intents = db
      .prepare(
        `select p.id, p.amount_minor, p.currency, p.status, p.metadata, c.status as charge_status,
           c.captured, c.amount_captured_minor
         from payment_intent p left join charge c on c.id = p.latest_charge order by p.id`,
      )
      .all() as IntentRow[];
    const refunds = db
      .prepare('select id, amount_minor, currency, status, metadata from refund order by id')
      .all() as RefundRow[];
    return [...intents.flatMap(intentRows), ...refunds.map(refundRow)];
  } finally {
    db.close();
  }
}

/** Charges beyond the first of one payment intent that took money: must be none. */
export function readSurplusCharges(file: string): { paymentIntent: string; charges: number }[] {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true });
  try {
    return db
      .prepare(
        `select json_extract(p.metadata, '$.operation_id') as paymentIntent, count(*) as charges
         from charge c join payment_intent p on p.id = c.payment_intent
         where c.status = 'succeeded'
         group by coalesce(json_extract(p.metadata, '$.operation_id'), p.id) having count(*) > 1`,
      )
      .all() as { paymentIntent: string; charges: number }[];
  } finally {
    db.close();
  }
}

function intentRows(intent: IntentRow): ReconciliationRow[] {
  const metadata = JSON.parse(intent.metadata) as { operation_id?: string; payment_id?: string };
  const currency = intent.currency.toUpperCase();
  const origin = `${intent.id} ${intent.status}`;
  // Created and never confirmed: no money moved, nothing to compare.
  if (intent.charge_status === null) return [];
  const rows: ReconciliationRow[] = [
    {
      key: metadata.operation_id ?? `no operation id on ${intent.id}`,
      kind: 'authorise',
      amountMinor: intent.amount_minor,
      currency,
      state: intent.charge_status === 'succeeded' ? 'succeeded' : 'declined',
      origin,
    },
  ];
  const payment = metadata.payment_id ?? `no payment id on ${intent.id}`;
  if (intent.captured === 1) {
    const amountMinor = intent.amount_captured_minor ?? 0;
    rows.push({ key: payment, kind: 'capture', amountMinor, currency, state: 'succeeded', origin });
  } else if (intent.status === 'canceled' && intent.charge_status === 'succeeded') {
    const amountMinor = intent.amount_minor;
    rows.push({ key: payment, kind: 'release', amountMinor, currency, state: 'succeeded', origin });
  }
  return rows;
}

function refundRow(refund: RefundRow): ReconciliationRow {
  const metadata = JSON.parse(refund.metadata) as { operation_id?: string };
  const states = { succeeded: 'succeeded', failed: 'declined' } as const;
  return {
    key: metadata.operation_id ?? `no operation id on ${refund.id}`,
    kind: 'refund',
    amountMinor: refund.amount_minor,
    currency: refund.currency.toUpperCase(),
    state: states[refund.status as keyof typeof states] ?? 'unsettled',
    origin: `${refund.id} ${refund.status}`,
  };
}
