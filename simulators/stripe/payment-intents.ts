// Payment intents: the row, its JSON, reading and listing. The moves between states are in
// payment-intent-moves.ts.

import {
  type Call,
  find,
  list,
  ok,
  readCreated,
  readPage,
  seconds,
  secondsOrNull,
  type StripeObject,
  tell,
  type Work,
} from './call.ts';
import { StripeError } from './errors.ts';
import type { Parameters } from './parameters.ts';

export type PaymentIntentStatus =
  | 'requires_payment_method'
  | 'requires_confirmation'
  | 'requires_action'
  | 'processing'
  | 'requires_capture'
  | 'succeeded'
  | 'canceled';

export type PaymentIntentRow = {
  seq: number;
  id: string;
  created_ms: number;
  amount_minor: number;
  currency: string;
  status: PaymentIntentStatus;
  capture_method: 'automatic' | 'automatic_async' | 'manual';
  amount_capturable_minor: number;
  amount_received_minor: number;
  customer: string | null;
  payment_method: string | null;
  latest_charge: string | null;
  canceled_ms: number | null;
  cancellation_reason: string | null;
  last_payment_error: string | null;
  client_secret: string;
  metadata: string;
  details: string;
};

export function findIntent(call: Call, id: string): PaymentIntentRow {
  return find<PaymentIntentRow>(call, 'payment_intent', id);
}

export function readPaymentIntent(p: Parameters, id: string): Work {
  p.ignore('client_secret');
  return (call) => ok(presentPaymentIntent(call, findIntent(call, id)));
}

export function listPaymentIntents(p: Parameters): Work {
  const filters = readCreated(p);
  const customer = p.text('customer');
  if (customer !== undefined) filters.push({ sql: 'customer = ?', values: [customer] });
  const page = readPage(p);
  return (call) =>
    list<PaymentIntentRow>(call, {
      table: 'payment_intent',
      url: '/v1/payment_intents',
      page,
      filters,
      present: (row) => presentPaymentIntent(call, row),
    });
}

export function tellIntent(call: Call, type: string, id: string): StripeObject {
  const object = presentPaymentIntent(call, findIntent(call, id));
  tell(call, type, object);
  return object;
}

/** Stripe's answer to a move the state does not allow; it carries the intent as it stands. */
export function unexpectedState(call: Call, row: PaymentIntentRow, message: string): StripeError {
  return new StripeError(400, message, {
    code: 'payment_intent_unexpected_state',
    payment_intent: presentPaymentIntent(call, row),
  });
}

export function presentPaymentIntent(call: Call, row: PaymentIntentRow): StripeObject {
  return {
    id: row.id,
    object: 'payment_intent',
    amount: row.amount_minor,
    amount_capturable: row.amount_capturable_minor,
    amount_details: { tip: {} },
    amount_received: row.amount_received_minor,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: secondsOrNull(row.canceled_ms),
    cancellation_reason: row.cancellation_reason,
    capture_method: row.capture_method,
    client_secret: row.client_secret,
    confirmation_method: 'automatic',
    created: seconds(row.created_ms),
    currency: row.currency,
    customer: row.customer,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: parsed(row.last_payment_error),
    latest_charge: row.latest_charge,
    livemode: false,
    managed_payments: null,
    metadata: parsed(row.metadata),
    next_action: row.status === 'requires_action' ? nextAction(call, row) : null,
    on_behalf_of: null,
    payment_method: row.payment_method,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: {
        installments: null,
        mandate_options: null,
        network: null,
        request_three_d_secure: 'automatic',
      },
    },
    payment_method_types: ['card'],
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: row.status,
    transfer_data: null,
    transfer_group: null,
    ...(parsed(row.details) as StripeObject),
  };
}

function nextAction(call: Call, row: PaymentIntentRow): StripeObject {
  const url = `${call.baseUrl}/c/authenticate/${row.id}`;
  const { return_url: returnUrl = null } = parsed(row.details) as { return_url?: string };
  return { redirect_to_url: { return_url: returnUrl, url }, type: 'redirect_to_url' };
}

function parsed(text: string | null): unknown {
  return text === null ? null : (JSON.parse(text) as unknown);
}
