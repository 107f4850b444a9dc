// Saved cards: made on the hosted page or from Stripe's test tokens, attached to one customer, never
// attached again once detached. Card numbers do not reach these tables.

import { insert, update } from '../twin/database.ts';
import { randomId } from '../twin/ids.ts';
import {
  type Answer,
  type Call,
  find,
  list,
  ok,
  readPage,
  seconds,
  type StripeObject,
  tell,
  type Work,
} from './call.ts';
import { type Behaviour, type Card, cardOfToken } from './cards.ts';
import { findCustomer } from './customers.ts';
import { StripeError } from './errors.ts';
import type { Parameters } from './parameters.ts';

export type PaymentMethodRow = {
  seq: number;
  id: string;
  created_ms: number;
  customer: string | null;
  brand: string;
  last4: string;
  exp_month: number;
  exp_year: number;
  funding: string;
  fingerprint: string;
  behaviour: Behaviour;
  billing_name: string | null;
  is_detached: number;
  metadata: string;
};

type NewMethod = { card: Card; customer: string | null; billingName: string | null };

export function insertPaymentMethod(
  call: Call,
  { card, customer, billingName }: NewMethod,
): string {
  const id = randomId('pm_1');
  insert(call.db, 'payment_method', {
    id,
    created_ms: call.nowMs,
    customer,
    brand: card.brand,
    last4: card.last4,
    exp_month: card.expMonth,
    exp_year: card.expYear,
    funding: card.funding,
    fingerprint: card.fingerprint,
    behaviour: card.behaviour,
    billing_name: billingName,
    metadata: '{}',
  });
  return id;
}

/** A saved method by id; Stripe's test tokens become a fresh method each time they are used. */
export function usePaymentMethod(
  call: Call,
  id: string,
  param = 'payment_method',
): PaymentMethodRow {
  const card = cardOfToken(id, call.nowMs);
  const realId =
    card === null ? id : insertPaymentMethod(call, { card, customer: null, billingName: null });
  return find<PaymentMethodRow>(call, 'payment_method', realId, param);
}

export function readPaymentMethod(_p: Parameters, id: string): Work {
  return (call) => ok(presentPaymentMethod(find(call, 'payment_method', id)));
}

export function readCustomersPaymentMethod(_p: Parameters, customer: string, id: string): Work {
  return (call) => {
    findCustomer(call, customer, 'id');
    const row = find<PaymentMethodRow>(call, 'payment_method', id);
    if (row.customer !== customer) {
      throw new StripeError(404, `No such PaymentMethod: '${id}'`, { code: 'resource_missing' });
    }
    return ok(presentPaymentMethod(row));
  };
}

export function listCustomersPaymentMethods(p: Parameters, customer: string): Work {
  const page = readPage(p);
  const type = p.text('type') ?? 'card';
  p.ignore('allow_redisplay');
  return (call) => {
    findCustomer(call, customer, 'id');
    return listOf(call, { customer, type, page, url: `/v1/customers/${customer}/payment_methods` });
  };
}

export function listPaymentMethods(p: Parameters): Work {
  const page = readPage(p);
  const customer = p.required('customer');
  const type = p.text('type') ?? 'card';
  return (call) => {
    findCustomer(call, customer);
    return listOf(call, { customer, type, page, url: '/v1/payment_methods' });
  };
}

export function attachPaymentMethod(p: Parameters, id: string): Work {
  const customer = p.required('customer');
  return (call) => {
    findCustomer(call, customer);
    const row = usePaymentMethod(call, id, 'id');
    if (row.customer !== null) throw alreadyAttached();
    refuseDetached(row);
    return attach(call, row.id, customer);
  };
}

/** Stripe lets nobody charge or attach a method again once it was detached. */
export function refuseDetached(row: PaymentMethodRow): void {
  if (row.is_detached === 0) return;
  const message =
    'This PaymentMethod was previously used without being attached to a Customer or was detached from a Customer, and may not be used again.';
  throw new StripeError(400, message, { param: 'payment_method' });
}

export function attach(call: Call, id: string, customer: string): Answer {
  update(call.db, 'payment_method', id, { customer });
  const object = presentPaymentMethod(find(call, 'payment_method', id));
  tell(call, 'payment_method.attached', object);
  return ok(object);
}

export function detachPaymentMethod(_p: Parameters, id: string): Work {
  return (call) => {
    const row = find<PaymentMethodRow>(call, 'payment_method', id);
    if (row.customer === null) {
      const message = `The payment method you provided is not attached to a customer so detachment is impossible.`;
      throw new StripeError(400, message);
    }
    update(call.db, 'payment_method', id, { customer: null, is_detached: 1 });
    const object = presentPaymentMethod({ ...row, customer: null });
    tell(call, 'payment_method.detached', object);
    return ok(object);
  };
}

export function presentPaymentMethod(row: PaymentMethodRow): StripeObject {
  return {
    id: row.id,
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: presentBilling(row),
    card: {
      brand: row.brand,
      checks: presentChecks(),
      country: 'US',
      display_brand: row.brand,
      exp_month: row.exp_month,
      exp_year: row.exp_year,
      fingerprint: row.fingerprint,
      funding: row.funding,
      generated_from: null,
      last4: row.last4,
      networks: { available: [row.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: true },
      wallet: null,
    },
    created: seconds(row.created_ms),
    customer: row.customer,
    customer_account: null,
    livemode: false,
    metadata: JSON.parse(row.metadata) as unknown,
    type: 'card',
  };
}

export function presentBilling(row: PaymentMethodRow): StripeObject {
  const address = {
    city: null,
    country: null,
    line1: null,
    line2: null,
    postal_code: null,
    state: null,
  };
  return { address, email: null, name: row.billing_name, phone: null, tax_id: null };
}

export function presentChecks(): StripeObject {
  return { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' };
}

type Listing = { customer: string; type: string; page: ReturnType<typeof readPage>; url: string };

function listOf(call: Call, { customer, type, page, url }: Listing): Answer {
  return list<PaymentMethodRow>(call, {
    table: 'payment_method',
    url,
    page,
    filters: [{ sql: `customer = ? and ? = 'card'`, values: [customer, type] }],
    present: presentPaymentMethod,
  });
}

function alreadyAttached(): StripeError {
  const message = 'The payment method you provided has already been attached to a customer.';
  return new StripeError(400, message, { code: 'payment_method_already_attached' });
}
