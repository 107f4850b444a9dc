// What may happen to a payment intent: create, confirm, capture, cancel, each one move of Stripe's
// state machine with its charge and its events. A move the state does not allow changes nothing.

import { all, insert, update } from '../twin/database.ts';
import { randomId } from '../twin/ids.ts';
import { type Answer, type Call, find, ok, type StripeObject, type Work } from './call.ts';
import { type Decline, DECLINES, declineAtCharge, isExpired } from './cards.ts';
import { captureCharge, charge, releaseCharge } from './charges.ts';
import { findCustomer } from './customers.ts';
import { badParam, errorBody, StripeError } from './errors.ts';
import { mergeMetadata, type Parameters } from './parameters.ts';
import {
  findIntent,
  type PaymentIntentRow,
  type PaymentIntentStatus,
  presentPaymentIntent,
  tellIntent,
  unexpectedState,
} from './payment-intents.ts';
import { type ConfirmInput, readConfirm, readIntent } from './payment-intent-input.ts';
import {
  type PaymentMethodRow,
  presentPaymentMethod,
  refuseDetached,
  usePaymentMethod,
} from './payment-methods.ts';

const CANCEL_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'] as const;
const CONFIRMABLE: readonly PaymentIntentStatus[] = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
];
const CANCELABLE: readonly PaymentIntentStatus[] = [
  ...CONFIRMABLE,
  'requires_capture',
  'processing',
];

export function createPaymentIntent(p: Parameters): Work {
  const input = readIntent(p);
  return (call) => {
    if (input.customer !== null) findCustomer(call, input.customer);
    const method =
      input.paymentMethod === undefined
        ? null
        : usableMethod(call, input.paymentMethod, input.customer);
    const id = randomId('pi_3');
    insert(call.db, 'payment_intent', {
      id,
      created_ms: call.nowMs,
      amount_minor: input.amountMinor,
      currency: input.currency,
      status: method === null ? 'requires_payment_method' : 'requires_confirmation',
      capture_method: input.captureMethod,
      customer: input.customer,
      payment_method: method?.id ?? null,
      client_secret: `${id}_secret_${randomId('', 25)}`,
      metadata: JSON.stringify(input.metadata),
      details: JSON.stringify(input.details),
    });
    const object = tellIntent(call, 'payment_intent.created', id);
    return input.confirm === null ? ok(object) : confirm(call, id, input.confirm);
  };
}

export function updatePaymentIntent(p: Parameters, id: string): Work {
  const metadata = p.metadata();
  const description = p.unsettable('description');
  return (call) => {
    const row = findIntent(call, id);
    const details = JSON.parse(row.details) as StripeObject;
    update(call.db, 'payment_intent', id, {
      metadata: JSON.stringify(mergeMetadata(JSON.parse(row.metadata), metadata)),
      details: JSON.stringify(description === undefined ? details : { ...details, description }),
    });
    return ok(presentPaymentIntent(call, findIntent(call, id)));
  };
}

export function confirmPaymentIntent(p: Parameters, id: string): Work {
  const input = readConfirm(p);
  return (call) => confirm(call, id, input);
}

export function capturePaymentIntent(p: Parameters, id: string): Work {
  const wanted = p.integer('amount_to_capture', 1);
  const metadata = p.metadata();
  p.ignore('statement_descriptor', 'statement_descriptor_suffix');
  return (call) => {
    const row = findIntent(call, id);
    if (row.status !== 'requires_capture' || row.latest_charge === null) {
      const message = `This PaymentIntent could not be captured because it has a status of ${row.status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`;
      throw unexpectedState(call, row, message);
    }
    const amountMinor = wanted ?? row.amount_capturable_minor;
    if (amountMinor > row.amount_capturable_minor) {
      const message = `This PaymentIntent has an amount_capturable of ${row.amount_capturable_minor} so it could not be captured for ${amountMinor}.`;
      throw badParam('amount_to_capture', message, 'amount_too_large');
    }
    captureCharge(call, row.latest_charge, amountMinor);
    update(call.db, 'payment_intent', id, {
      status: 'succeeded',
      amount_capturable_minor: 0,
      amount_received_minor: amountMinor,
      metadata: JSON.stringify(mergeMetadata(JSON.parse(row.metadata), metadata)),
    });
    return ok(tellIntent(call, 'payment_intent.succeeded', id));
  };
}

export function cancelPaymentIntent(p: Parameters, id: string): Work {
  const reason = p.choice('cancellation_reason', CANCEL_REASONS) ?? null;
  return (call) => {
    const row = findIntent(call, id);
    if (!CANCELABLE.includes(row.status)) {
      const message = `You cannot cancel this PaymentIntent because it has a status of ${row.status}. Only a PaymentIntent with one of the following statuses may be canceled: ${CANCELABLE.join(', ')}.`;
      throw unexpectedState(call, row, message);
    }
    return ok(cancel(call, row, { reason, chargeEvent: 'charge.refunded' }));
  };
}

/** Authorisations nobody captured in time lapse, as the card schemes let them. */
export function lapseDueAuthorisations(call: Call): void {
  const sql = `select i.* from payment_intent i join charge c on c.id = i.latest_charge
    where c.captured = 0 and c.capture_before_ms <= ?`;
  for (const row of all<PaymentIntentRow>(call.db, sql, call.nowMs)) {
    cancel(call, row, { reason: 'automatic', chargeEvent: 'charge.expired' });
  }
}

/** The end of a 3-D Secure challenge, told by its page. */
export function finishAuthentication(call: Call, id: string, isAuthenticated: boolean): void {
  const row = findIntent(call, id);
  if (row.status !== 'requires_action' || row.payment_method === null) return;
  const method = find<PaymentMethodRow>(call, 'payment_method', row.payment_method);
  const failure = {
    ...DECLINES.authentication_required,
    code: 'payment_intent_authentication_failure',
  };
  settle(call, row, { method, decline: isAuthenticated ? null : failure });
}

function confirm(call: Call, id: string, input: ConfirmInput): Answer {
  const row = findIntent(call, id);
  if (!CONFIRMABLE.includes(row.status)) {
    const message = `You cannot confirm this PaymentIntent because it has already ${row.status === 'canceled' ? 'been canceled' : 'succeeded after being previously confirmed'}.`;
    throw unexpectedState(call, row, message);
  }
  const methodId = input.paymentMethod ?? row.payment_method;
  if (methodId === null) {
    const message =
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.";
    throw unexpectedState(call, row, message);
  }
  const method = usableMethod(call, methodId, row.customer);
  const decline = isExpired({ expMonth: method.exp_month, expYear: method.exp_year }, call.nowMs)
    ? DECLINES.expired_card
    : declineAtCharge(method.behaviour);
  const wantsPerson = decline?.code === 'authentication_required' && !input.isOffSession;
  if (wantsPerson) {
    update(call.db, 'payment_intent', id, { status: 'requires_action', payment_method: method.id });
    return ok(tellIntent(call, 'payment_intent.requires_action', id));
  }
  return settle(call, row, { method, decline });
}

type Verdict = { method: PaymentMethodRow; decline: Decline | null };

/** The card was asked: the intent moves on by its verdict. */
function settle(call: Call, intent: PaymentIntentRow, { method, decline }: Verdict): Answer {
  const captures = intent.capture_method !== 'manual';
  const chargeId = charge(call, { intent, method, decline, captures });
  if (decline !== null) return refuse(call, intent, { method, decline, chargeId });
  update(call.db, 'payment_intent', intent.id, {
    status: captures ? 'succeeded' : 'requires_capture',
    payment_method: method.id,
    latest_charge: chargeId,
    amount_received_minor: captures ? intent.amount_minor : 0,
    amount_capturable_minor: captures ? 0 : intent.amount_minor,
    last_payment_error: null,
  });
  const type = captures ? 'payment_intent.succeeded' : 'payment_intent.amount_capturable_updated';
  return ok(tellIntent(call, type, intent.id));
}

type Refused = { method: PaymentMethodRow; decline: Decline; chargeId: string };

/** A decline is a fact: its charge, the intent's error and the events stay, and the answer is 402. */
function refuse(
  call: Call,
  intent: PaymentIntentRow,
  { method, decline, chargeId }: Refused,
): Answer {
  const error = {
    charge: chargeId,
    code: decline.code,
    decline_code: decline.declineCode,
    payment_method: presentPaymentMethod(method),
    type: 'card_error' as const,
  };
  update(call.db, 'payment_intent', intent.id, {
    status: 'requires_payment_method',
    payment_method: null,
    latest_charge: chargeId,
    last_payment_error: JSON.stringify({ ...error, message: decline.message }),
  });
  const object = tellIntent(call, 'payment_intent.payment_failed', intent.id);
  const refusal = new StripeError(402, decline.message, { ...error, payment_intent: object });
  return { status: 402, body: errorBody(refusal, call.requestId) };
}

type Cancelling = { reason: string | null; chargeEvent: 'charge.refunded' | 'charge.expired' };

function cancel(
  call: Call,
  row: PaymentIntentRow,
  { reason, chargeEvent }: Cancelling,
): StripeObject {
  if (row.status === 'requires_capture' && row.latest_charge !== null) {
    releaseCharge(call, row.latest_charge, chargeEvent);
  }
  update(call.db, 'payment_intent', row.id, {
    status: 'canceled',
    amount_capturable_minor: 0,
    canceled_ms: call.nowMs,
    cancellation_reason: reason,
  });
  return tellIntent(call, 'payment_intent.canceled', row.id);
}

function usableMethod(call: Call, id: string, customer: string | null): PaymentMethodRow {
  const method = usePaymentMethod(call, id);
  refuseDetached(method);
  if (method.customer !== null && method.customer !== customer) {
    const message =
      customer === null
        ? `The PaymentMethod provided (${id}) is attached to a customer, so the customer must be given too.`
        : `The customer does not have a payment method with the ID ${id}. The payment method must be attached to the customer.`;
    throw badParam('payment_method', message);
  }
  return method;
}
