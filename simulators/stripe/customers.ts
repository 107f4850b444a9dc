// Customers: create, read, change, delete, list.

import { insert, one, update } from '../twin/database.ts';
import { randomId } from '../twin/ids.ts';
import {
  type Answer,
  type Call,
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
import { missing } from './errors.ts';
import { mergeMetadata, type Parameters } from './parameters.ts';

export type CustomerRow = {
  seq: number;
  id: string;
  created_ms: number;
  is_deleted: number;
  email: string | null;
  metadata: string;
  details: string;
};

const TEXTS = ['name', 'phone', 'description'] as const;

export function createCustomer(p: Parameters): Work {
  const input = readCustomer(p);
  return (call) => {
    const id = randomId('cus_', 14);
    insert(call.db, 'customer', {
      id,
      created_ms: call.nowMs,
      email: input.email ?? null,
      metadata: JSON.stringify(mergeMetadata({}, input.metadata)),
      details: JSON.stringify(input.details),
    });
    return changed(call, id, 'customer.created');
  };
}

export function updateCustomer(p: Parameters, id: string): Work {
  const input = readCustomer(p);
  return (call) => {
    const row = findCustomer(call, id, 'id');
    update(call.db, 'customer', id, {
      email: input.email === undefined ? row.email : input.email,
      metadata: JSON.stringify(mergeMetadata(JSON.parse(row.metadata), input.metadata)),
      details: JSON.stringify({ ...JSON.parse(row.details), ...input.details }),
    });
    return changed(call, id, 'customer.updated');
  };
}

export function readOneCustomer(_p: Parameters, id: string): Work {
  return (call) => {
    const row = find<CustomerRow>(call, 'customer', id);
    return ok(row.is_deleted === 1 ? deleted(id) : presentCustomer(row));
  };
}

export function deleteCustomer(_p: Parameters, id: string): Work {
  return (call) => {
    const row = findCustomer(call, id, 'id');
    update(call.db, 'customer', id, { is_deleted: 1 });
    tell(call, 'customer.deleted', presentCustomer(row));
    return ok(deleted(id));
  };
}

export function listCustomers(p: Parameters): Work {
  const email = p.text('email');
  const filters = [{ sql: 'is_deleted = 0', values: [] as string[] }, ...readCreated(p)];
  if (email !== undefined) filters.push({ sql: 'email = ?', values: [email] });
  const page = readPage(p);
  return (call) =>
    list<CustomerRow>(call, {
      table: 'customer',
      url: '/v1/customers',
      page,
      filters,
      present: presentCustomer,
    });
}

/** A customer that may still be used; a deleted one is as good as missing. */
export function findCustomer(call: Call, id: string, param = 'customer'): CustomerRow {
  const row = find<CustomerRow>(call, 'customer', id, param);
  if (row.is_deleted === 1) throw missing('customer', id, param);
  return row;
}

export function presentCustomer(row: CustomerRow): StripeObject {
  return {
    id: row.id,
    object: 'customer',
    address: null,
    balance: 0,
    created: seconds(row.created_ms),
    currency: null,
    default_source: null,
    delinquent: false,
    description: null,
    discount: null,
    email: row.email,
    invoice_prefix: row.id.slice(-8).toUpperCase(),
    invoice_settings: {
      custom_fields: null,
      default_payment_method: null,
      footer: null,
      rendering_options: null,
    },
    livemode: false,
    metadata: JSON.parse(row.metadata) as unknown,
    name: null,
    next_invoice_sequence: 1,
    phone: null,
    preferred_locales: [],
    shipping: null,
    tax_exempt: 'none',
    test_clock: null,
    ...(JSON.parse(row.details) as StripeObject),
  };
}

function readCustomer(p: Parameters) {
  const details: StripeObject = {};
  for (const name of TEXTS) {
    const value = p.unsettable(name);
    if (value !== undefined) details[name] = value;
  }
  const locales = p.list('preferred_locales');
  if (locales.length > 0) details['preferred_locales'] = locales;
  const address = p.echo('address');
  if (address !== undefined) details['address'] = address;
  return { email: p.unsettable('email'), metadata: p.metadata(), details };
}

function changed(call: Call, id: string, type: string): Answer {
  const row = one<CustomerRow>(call.db, 'select * from customer where id = ?', id);
  const object = presentCustomer(row as CustomerRow);
  tell(call, type, object);
  return ok(object);
}

function deleted(id: string): StripeObject {
  return { id, object: 'customer', deleted: true };
}
