// Charges: one attempt of a payment intent at the card, approved or declined, then captured or
// released. Their rows are the provider's side of the books.

import { all, insert, update } from '../twin/database.ts';
import { randomId } from '../twin/ids.ts';
import {
  type Call,
  DAY_MS,
  find,
  list,
  ok,
  readCreated,
  readPage,
  seconds,
  type StripeObject,
  tell,
  type Work,
} from './call.ts';
import type { Decline } from './cards.ts';
import type { Parameters } from './parameters.ts';
import type { PaymentIntentRow } from './payment-intents.ts';
import { type PaymentMethodRow, presentBilling, presentChecks } from './payment-methods.ts';
import { presentRefund, type RefundRow } from './refund.ts';

export type ChargeRow = {
  seq: number;
  id: string;
  created_ms: number;
  payment_intent: string;
  amount_minor: number;
  currency: string;
  status: 'succeeded' | 'failed';
  captured: number;
  amount_captured_minor: number;
  amount_released_minor: number;
  amount_refunded_minor: number;
  customer: string | null;
  payment_method: string;
  failure_code: string | null;
  decline_code: string | null;
  failure_message: string | null;
  captured_ms: number | null;
  capture_before_ms: number | null;
  description: string | null;
  metadata: string;
};

// How long a card authorisation holds before Stripe lets it go.
const AUTHORISATION_MS = 7 * DAY_MS;

type NewCharge = {
  intent: PaymentIntentRow;
  method: PaymentMethodRow;
  decline: Decline | null;
  captures: boolean;
};

/** Asks the card: writes the charge, tells of it, and gives its id. */
export function charge(call: Call, { intent, method, decline, captures }: NewCharge): string {
  const id = randomId('ch_3');
  const isCaptured = decline === null && captures;
  const details = JSON.parse(intent.details) as { description?: string };
  insert(call.db, 'charge', {
    id,
    created_ms: call.nowMs,
    payment_intent: intent.id,
    amount_minor: intent.amount_minor,
    currency: intent.currency,
    status: decline === null ? 'succeeded' : 'failed',
    captured: isCaptured ? 1 : 0,
    amount_captured_minor: isCaptured ? intent.amount_minor : 0,
    customer: intent.customer,
    payment_method: method.id,
    failure_code: decline?.code ?? null,
    decline_code: decline?.declineCode ?? null,
    failure_message: decline?.message ?? null,
    captured_ms: isCaptured ? call.nowMs : null,
    capture_before_ms: decline === null && !captures ? call.nowMs + AUTHORISATION_MS : null,
    description: details.description ?? null,
    metadata: intent.metadata,
  });
  tellCharge(call, decline === null ? 'charge.succeeded' : 'charge.failed', id);
  return id;
}

/** Captures part or all; what is not captured is released. */
export function captureCharge(call: Call, id: string, amountMinor: number): void {
  const row = find<ChargeRow>(call, 'charge', id);
  update(call.db, 'charge', id, {
    captured: 1,
    amount_captured_minor: amountMinor,
    amount_released_minor: row.amount_minor - amountMinor,
    captured_ms: call.nowMs,
    capture_before_ms: null,
  });
  tellCharge(call, 'charge.captured', id);
}

/** Lets an uncaptured authorisation go, by cancelling or because it grew too old. */
export function releaseCharge(
  call: Call,
  id: string,
  type: 'charge.refunded' | 'charge.expired',
): void {
  const row = find<ChargeRow>(call, 'charge', id);
  update(call.db, 'charge', id, {
    amount_released_minor: row.amount_minor,
    capture_before_ms: null,
  });
  tellCharge(call, type, id);
}

export function readCharge(_p: Parameters, id: string): Work {
  return (call) => ok(presentCharge(call, find(call, 'charge', id)));
}

export function listCharges(p: Parameters): Work {
  const filters = readCreated(p);
  const customer = p.text('customer');
  const intent = p.text('payment_intent');
  if (customer !== undefined) filters.push({ sql: 'customer = ?', values: [customer] });
  if (intent !== undefined) filters.push({ sql: 'payment_intent = ?', values: [intent] });
  const page = readPage(p);
  return (call) =>
    list<ChargeRow>(call, {
      table: 'charge',
      url: '/v1/charges',
      page,
      filters,
      present: (row) => presentCharge(call, row),
    });
}

export function tellCharge(call: Call, type: string, id: string): void {
  tell(call, type, presentCharge(call, find(call, 'charge', id)));
}

export function presentCharge(call: Call, row: ChargeRow): StripeObject {
  const method = find<PaymentMethodRow>(call, 'payment_method', row.payment_method);
  const sql = 'select * from refund where charge = ? order by seq desc limit 10';
  const refunds = all<RefundRow>(call.db, sql, row.id).map((refund) => presentRefund(refund));
  const amountReturned = row.amount_released_minor + row.amount_refunded_minor;
  return {
    id: row.id,
    object: 'charge',
    amount: row.amount_minor,
    amount_captured: row.amount_captured_minor,
    amount_refunded: amountReturned,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: row.captured === 1 ? `txn_${row.id.slice(3)}` : null,
    billing_details: presentBilling(method),
    calculated_statement_descriptor: null,
    captured: row.captured === 1,
    created: seconds(row.created_ms),
    currency: row.currency,
    customer: row.customer,
    description: row.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: row.failure_code,
    failure_message: row.failure_message,
    fraud_details: {},
    livemode: false,
    metadata: JSON.parse(row.metadata) as unknown,
    on_behalf_of: null,
    outcome: presentOutcome(row),
    paid: row.status === 'succeeded',
    payment_intent: row.payment_intent,
    payment_method: row.payment_method,
    payment_method_details: { card: presentCardDetails(row, method), type: 'card' },
    receipt_email: null,
    receipt_number: null,
    receipt_url: row.status === 'succeeded' ? `${call.baseUrl}/receipts/${row.id}` : null,
    refunded: amountReturned === row.amount_minor,
    refunds: {
      object: 'list',
      data: refunds,
      has_more: false,
      url: `/v1/charges/${row.id}/refunds`,
    },
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: row.status,
    transfer_data: null,
    transfer_group: null,
  };
}

function presentOutcome(row: ChargeRow): StripeObject {
  const isApproved = row.status === 'succeeded';
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: isApproved ? null : '01',
    network_status: isApproved ? 'approved_by_network' : 'declined_by_network',
    reason: row.decline_code,
    risk_level: 'normal',
    seller_message: isApproved
      ? 'Payment complete.'
      : 'The bank did not return any further details with this decline.',
    type: isApproved ? 'authorized' : 'issuer_declined',
  };
}

function presentCardDetails(row: ChargeRow, method: PaymentMethodRow): StripeObject {
  const isApproved = row.status === 'succeeded';
  return {
    amount_authorized: isApproved ? row.amount_minor : null,
    authorization_code: isApproved ? row.id.slice(-6).toUpperCase() : null,
    brand: method.brand,
    ...(row.capture_before_ms === null ? {} : { capture_before: seconds(row.capture_before_ms) }),
    checks: presentChecks(),
    country: 'US',
    exp_month: method.exp_month,
    exp_year: method.exp_year,
    extended_authorization: { status: 'disabled' },
    fingerprint: method.fingerprint,
    funding: method.funding,
    incremental_authorization: { status: 'unavailable' },
    installments: null,
    last4: method.last4,
    mandate: null,
    multicapture: { status: 'unavailable' },
    network: method.brand,
    network_token: { used: false },
    network_transaction_id: null,
    overcapture: { maximum_amount_capturable: row.amount_minor, status: 'unavailable' },
    regulated_status: 'unregulated',
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  };
}
