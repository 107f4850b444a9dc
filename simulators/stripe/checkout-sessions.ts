// Checkout sessions in setup mode: made by the API, finished or expired by their hosted page.

import { all, insert, update } from '../twin/database.ts';
import { randomId } from '../twin/ids.ts';
import {
  type Call,
  DAY_MS,
  find,
  ok,
  readCreated,
  readPage,
  list,
  seconds,
  type StripeObject,
  tell,
  type Work,
} from './call.ts';
import { findCustomer } from './customers.ts';
import { badParam, StripeError } from './errors.ts';
import { mergeMetadata, type Parameters, readMethodTypes } from './parameters.ts';
import { insertSetupIntent } from './setup-intents.ts';

export type SessionRow = {
  id: string;
  created_ms: number;
  expires_ms: number;
  customer: string | null;
  currency: string | null;
  status: 'open' | 'complete' | 'expired';
  setup_intent: string;
  success_url: string;
  cancel_url: string | null;
  client_reference_id: string | null;
  locale: string | null;
  metadata: string;
};

export function createSession(p: Parameters): Work {
  const mode = p.required('mode');
  if (mode !== 'setup') {
    throw badParam('mode', `Invalid mode: this twin offers setup only, found "${mode}"`);
  }
  const input = readInput(p);
  return (call) => {
    if (input.customer !== null) findCustomer(call, input.customer);
    const id = randomId('cs_test_a1', 56);
    const setupIntent = insertSetupIntent(call, {
      customer: input.customer,
      description: input.description,
      metadata: input.setupMetadata,
    });
    const expiresMs = input.expiresAt === undefined ? call.nowMs + DAY_MS : input.expiresAt * 1000;
    insert(call.db, 'checkout_session', {
      id,
      created_ms: call.nowMs,
      expires_ms: expiresMs,
      customer: input.customer,
      currency: input.currency,
      status: 'open',
      setup_intent: setupIntent,
      success_url: input.successUrl,
      cancel_url: input.cancelUrl,
      client_reference_id: input.clientReferenceId,
      locale: input.locale,
      metadata: JSON.stringify(input.metadata),
    });
    return ok(presentSession(call, find(call, 'checkout_session', id)));
  };
}

export function readSession(_p: Parameters, id: string): Work {
  return (call) => ok(presentSession(call, find(call, 'checkout_session', id)));
}

export function listSessions(p: Parameters): Work {
  const filters = readCreated(p);
  const customer = p.text('customer');
  const setupIntent = p.text('setup_intent');
  const status = p.text('status');
  if (customer !== undefined) filters.push({ sql: 'customer = ?', values: [customer] });
  if (setupIntent !== undefined) filters.push({ sql: 'setup_intent = ?', values: [setupIntent] });
  if (status !== undefined) filters.push({ sql: 'status = ?', values: [status] });
  const page = readPage(p);
  return (call) =>
    list<SessionRow>(call, {
      table: 'checkout_session',
      url: '/v1/checkout/sessions',
      page,
      filters,
      present: (row) => presentSession(call, row),
    });
}

export function expireSession(_p: Parameters, id: string): Work {
  return (call) => {
    const row = find<SessionRow>(call, 'checkout_session', id);
    if (row.status !== 'open') {
      const message = `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of "${row.status}".`;
      throw new StripeError(400, message);
    }
    return ok(closeSession(call, id, 'expired'));
  };
}

export function closeSession(call: Call, id: string, status: 'complete' | 'expired'): StripeObject {
  update(call.db, 'checkout_session', id, { status });
  const object = presentSession(call, find(call, 'checkout_session', id));
  tell(
    call,
    status === 'complete' ? 'checkout.session.completed' : 'checkout.session.expired',
    object,
  );
  return object;
}

export function expireDueSessions(call: Call): void {
  const sql = `select id from checkout_session where status = 'open' and expires_ms <= ?`;
  for (const { id } of all<{ id: string }>(call.db, sql, call.nowMs))
    closeSession(call, id, 'expired');
}

export function presentSession(call: Call, row: SessionRow): StripeObject {
  const isOpen = row.status === 'open';
  return {
    id: row.id,
    object: 'checkout.session',
    adaptive_pricing: null,
    after_expiration: null,
    allow_promotion_codes: null,
    amount_subtotal: null,
    amount_total: null,
    automatic_tax: { enabled: false, liability: null, provider: null, status: null },
    billing_address_collection: null,
    cancel_url: row.cancel_url,
    client_reference_id: row.client_reference_id,
    client_secret: null,
    collected_information: null,
    consent: null,
    consent_collection: null,
    created: seconds(row.created_ms),
    currency: row.currency,
    currency_conversion: null,
    custom_fields: [],
    custom_text: {
      after_submit: null,
      shipping_address: null,
      submit: null,
      terms_of_service_acceptance: null,
    },
    customer: row.customer,
    customer_account: null,
    customer_creation: null,
    customer_details: null,
    customer_email: null,
    discounts: null,
    expires_at: seconds(row.expires_ms),
    integration_identifier: null,
    invoice: null,
    invoice_creation: null,
    livemode: false,
    locale: row.locale,
    managed_payments: null,
    metadata: JSON.parse(row.metadata) as unknown,
    mode: 'setup',
    origin_context: null,
    payment_intent: null,
    payment_link: null,
    payment_method_collection: 'always',
    payment_method_configuration_details: null,
    payment_method_options: { card: { request_three_d_secure: 'automatic' } },
    payment_method_types: ['card'],
    payment_status: 'no_payment_required',
    permissions: null,
    phone_number_collection: { enabled: false },
    recovered_from: null,
    saved_payment_method_options: null,
    setup_intent: row.setup_intent,
    shipping_address_collection: null,
    shipping_cost: null,
    shipping_options: [],
    status: row.status,
    submit_type: null,
    subscription: null,
    success_url: row.success_url,
    total_details: null,
    ui_mode: 'hosted_page',
    url: isOpen ? `${call.baseUrl}/c/pay/${row.id}` : null,
    wallet_options: null,
  };
}

function readInput(p: Parameters) {
  const types = readMethodTypes(p);
  const currency = p.text('currency')?.toLowerCase() ?? null;
  // Stripe asks for a currency when it is to choose the payment methods itself.
  if (types.length === 0 && currency === null) {
    throw badParam('currency', 'Missing required param: currency.', 'parameter_missing');
  }
  const setupData = p.group('setup_intent_data');
  p.ignore('ui_mode', 'payment_method_options', 'custom_text', 'billing_address_collection');
  return {
    customer: p.text('customer') ?? null,
    currency,
    successUrl: readUrl(p, 'success_url') ?? missingUrl(),
    cancelUrl: readUrl(p, 'cancel_url') ?? null,
    clientReferenceId: p.text('client_reference_id', 200) ?? null,
    locale: p.text('locale') ?? null,
    expiresAt: p.integer('expires_at', 1),
    metadata: mergeMetadata({}, p.metadata()),
    description: setupData?.text('description') ?? null,
    setupMetadata: mergeMetadata({}, setupData?.metadata() ?? {}),
  };
}

function readUrl(p: Parameters, name: string): string | undefined {
  const value = p.text(name);
  if (value === undefined) return undefined;
  const protocol = URL.parse(value)?.protocol;
  if (protocol === 'http:' || protocol === 'https:') return value;
  throw badParam(name, `Not a valid URL: ${value}`, 'url_invalid');
}

function missingUrl(): never {
  throw badParam('success_url', 'Missing required param: success_url.', 'parameter_missing');
}
