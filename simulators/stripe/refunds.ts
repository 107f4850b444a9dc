// Refunds of captured charges. Some test cards make them pend or fail some time later, in twin time.

import { all, insert, update } from '../twin/database.ts';
import { randomId } from '../twin/ids.ts';
import { type Call, find, list, ok, readCreated, readPage, tell, type Work } from './call.ts';
import { type ChargeRow, tellCharge } from './charges.ts';
import { badParam, StripeError } from './errors.ts';
import { mergeMetadata, type Parameters } from './parameters.ts';
import type { PaymentIntentRow } from './payment-intents.ts';
import type { PaymentMethodRow } from './payment-methods.ts';
import { presentRefund, type RefundRow } from './refund.ts';

const REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const;
const SETTLES_AFTER_MS = 60_000;

export function createRefund(p: Parameters): Work {
  const chargeId = p.text('charge');
  const intentId = p.text('payment_intent');
  const amount = p.integer('amount', 1);
  const reason = p.choice('reason', REASONS) ?? null;
  const metadata = JSON.stringify(mergeMetadata({}, p.metadata()));
  if ((chargeId === undefined) === (intentId === undefined)) {
    const message =
      'One of the following params should be provided for this request: payment_intent or charge.';
    throw badParam('payment_intent', message, 'parameter_missing');
  }
  return (call) => {
    const row = refundable(call, chargeId, intentId);
    const amountMinor = checkAmount(row, amount);
    const id = randomId('re_3');
    const method = find<PaymentMethodRow>(call, 'payment_method', row.payment_method);
    const isLate = method.behaviour === 'refund_fails' || method.behaviour === 'refund_pends';
    insert(call.db, 'refund', {
      id,
      created_ms: call.nowMs,
      charge: row.id,
      payment_intent: row.payment_intent,
      amount_minor: amountMinor,
      currency: row.currency,
      status: method.behaviour === 'refund_pends' ? 'pending' : 'succeeded',
      reason,
      due_ms: isLate ? call.nowMs + SETTLES_AFTER_MS : null,
      due_status: isLate ? (method.behaviour === 'refund_fails' ? 'failed' : 'succeeded') : null,
      metadata,
    });
    update(call.db, 'charge', row.id, {
      amount_refunded_minor: row.amount_refunded_minor + amountMinor,
    });
    const object = presentRefund(find(call, 'refund', id));
    tell(call, 'refund.created', object);
    tellCharge(call, 'charge.refunded', row.id);
    return ok(object);
  };
}

export function readRefund(_p: Parameters, id: string): Work {
  return (call) => ok(presentRefund(find(call, 'refund', id)));
}

export function listRefunds(p: Parameters): Work {
  const filters = readCreated(p);
  const charge = p.text('charge');
  const intent = p.text('payment_intent');
  if (charge !== undefined) filters.push({ sql: 'charge = ?', values: [charge] });
  if (intent !== undefined) filters.push({ sql: 'payment_intent = ?', values: [intent] });
  const page = readPage(p);
  return (call) =>
    list<RefundRow>(call, {
      table: 'refund',
      url: '/v1/refunds',
      page,
      filters,
      present: presentRefund,
    });
}

/** Late refunds come to their end; a failed one gives the money back to the charge. */
export function settleDueRefunds(call: Call): void {
  for (const row of all<RefundRow>(call.db, 'select * from refund where due_ms <= ?', call.nowMs)) {
    const status = row.due_status ?? 'succeeded';
    const isFailed = status === 'failed';
    const failureReason = isFailed ? 'expired_or_canceled_card' : null;
    update(call.db, 'refund', row.id, { status, failure_reason: failureReason, due_ms: null });
    if (isFailed) {
      const charge = find<ChargeRow>(call, 'charge', row.charge);
      const refunded = charge.amount_refunded_minor - row.amount_minor;
      update(call.db, 'charge', row.charge, { amount_refunded_minor: refunded });
    }
    const object = presentRefund(find(call, 'refund', row.id));
    tell(call, 'refund.updated', object);
    if (isFailed) tell(call, 'refund.failed', object);
  }
}

function refundable(
  call: Call,
  chargeId: string | undefined,
  intentId: string | undefined,
): ChargeRow {
  if (chargeId !== undefined) {
    const row = find<ChargeRow>(call, 'charge', chargeId, 'charge');
    if (row.captured === 1) return row;
    throw new StripeError(400, `Charge ${chargeId} has not been captured and cannot be refunded.`, {
      param: 'charge',
    });
  }
  const intent = find<PaymentIntentRow>(call, 'payment_intent', intentId ?? '', 'payment_intent');
  if (intent.status !== 'succeeded' || intent.latest_charge === null) {
    const message = `This PaymentIntent (${intent.id}) does not have a successful charge to refund.`;
    throw new StripeError(400, message, {
      param: 'payment_intent',
      code: 'payment_intent_unexpected_state',
    });
  }
  return find<ChargeRow>(call, 'charge', intent.latest_charge);
}

function checkAmount(row: ChargeRow, wanted: number | undefined): number {
  const left = row.amount_captured_minor - row.amount_refunded_minor;
  if (left === 0) {
    const message = `Charge ${row.id} has already been refunded.`;
    throw new StripeError(400, message, { code: 'charge_already_refunded' });
  }
  if (wanted !== undefined && wanted > left) {
    const message = `Refund amount (${wanted}) is greater than unrefunded amount on charge (${left})`;
    throw badParam('amount', message);
  }
  return wanted ?? left;
}
