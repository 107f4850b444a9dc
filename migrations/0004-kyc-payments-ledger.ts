// KYC sessions, payment methods (tokens at a provider, never card numbers), payment → attempt →
// operation, and the double-entry ledger: accounts with balances, immutable two-phase transfers.

import type { Knex } from 'knex';
import { createTable, dropTables } from './support.ts';

export async function up(knex: Knex): Promise<void> {
  await createTable(knex, 'kyc_session', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, person_id ${t.id} not null,
      provider_account_id ${t.id} not null, level ${t.text} not null, status ${t.text} not null,
      provider_ref ${t.text}, url ${t.text}, decision ${t.json}, transport ${t.text} not null,
      request ${t.text}, first_sent_at ${t.instant}, submitted_at ${t.instant},
      decided_at ${t.instant}, valid_until ${t.instant}, reason ${t.text},
      created_at ${t.instant} not null, version ${t.integer} not null, primary key (org_id, id),
      foreign key (org_id, person_id) references person (org_id, id),
      foreign key (org_id, provider_account_id) references provider_account (org_id, id)`,
    indexes: ['(org_id, person_id)', '(org_id, provider_ref)', '(org_id, status)'],
  });
  await createTable(knex, 'payment_method', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, person_id ${t.id} not null,
      provider_account_id ${t.id} not null, status ${t.text} not null, url ${t.text},
      return_url ${t.text} not null, customer_ref ${t.text}, setup_ref ${t.text}, method_ref ${t.text},
      mandate ${t.json}, brand ${t.text}, last_four ${t.text}, funding ${t.text},
      expires_at ${t.instant}, step ${t.text} not null, generation ${t.integer} not null,
      request ${t.text}, first_sent_at ${t.instant}, reason ${t.text},
      created_at ${t.instant} not null, version ${t.integer} not null, primary key (org_id, id),
      foreign key (org_id, person_id) references person (org_id, id),
      foreign key (org_id, provider_account_id) references provider_account (org_id, id)`,
    indexes: ['(org_id, person_id)', '(org_id, setup_ref)'],
  });
  await createTable(knex, 'payment', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, node_id ${t.id} not null,
      person_id ${t.id} not null, device_id ${t.id}, payment_method_id ${t.id} not null,
      terminal_ref ${t.text}, amount_minor ${t.money} not null, currency ${t.text} not null,
      accepted ${t.text} not null, status ${t.text} not null, description ${t.text},
      identification_id ${t.id}, policy ${t.json} not null, authorised_minor ${t.money} not null,
      captured_minor ${t.money} not null, refunded_minor ${t.money} not null,
      created_at ${t.instant} not null, version ${t.integer} not null, primary key (org_id, id),
      foreign key (org_id, node_id) references node (org_id, id),
      foreign key (org_id, person_id) references person (org_id, id),
      foreign key (org_id, payment_method_id) references payment_method (org_id, id)`,
    indexes: [
      '(org_id, person_id)',
      'unique (org_id, device_id, terminal_ref)',
      '(org_id, status)',
    ],
  });
  await createTable(knex, 'attempt', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, payment_id ${t.id} not null,
      provider_account_id ${t.id} not null, number ${t.integer} not null, provider_ref ${t.text},
      created_at ${t.instant} not null, version ${t.integer} not null, primary key (org_id, id),
      foreign key (org_id, payment_id) references payment (org_id, id),
      foreign key (org_id, provider_account_id) references provider_account (org_id, id)`,
    indexes: ['unique (org_id, payment_id, number)', '(org_id, provider_ref)'],
  });
  await createTable(knex, 'operation', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, payment_id ${t.id} not null,
      attempt_id ${t.id} not null, kind ${t.text} not null, amount_minor ${t.money} not null,
      currency ${t.text} not null, status ${t.text} not null, step ${t.text} not null,
      generation ${t.integer} not null, idempotency_key ${t.text} not null, request ${t.text},
      first_sent_at ${t.instant}, last_sent_at ${t.instant}, looked_up_at ${t.instant},
      key_spent ${t.flag} not null, lookup_misses ${t.integer} not null,
      first_miss_at ${t.instant}, provider_ref ${t.text}, decline_class ${t.text},
      decline_code ${t.text}, reason ${t.text}, resolved_by ${t.text},
      hold_transfer_id ${t.id}, created_at ${t.instant} not null, finished_at ${t.instant},
      version ${t.integer} not null, primary key (org_id, id),
      foreign key (org_id, payment_id) references payment (org_id, id),
      foreign key (org_id, attempt_id) references attempt (org_id, id)`,
    indexes: ['(org_id, payment_id)', '(org_id, status)', '(org_id, provider_ref)'],
  });
  // What the door was told, refusals too: the same reference gets the same answer.
  await createTable(knex, 'payment_decision', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, device_id ${t.id} not null,
      terminal_ref ${t.text} not null, amount_minor ${t.money} not null, currency ${t.text} not null,
      answer ${t.json}, payment_id ${t.id}, created_at ${t.instant} not null,
      primary key (org_id, device_id, terminal_ref),
      foreign key (org_id, payment_id) references payment (org_id, id)`,
    indexes: ['(org_id, payment_id)'],
  });
  await createTable(knex, 'ledger_account', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null references organization (id), id ${t.id} not null,
      kind ${t.text} not null, holder ${t.id} not null, currency ${t.text} not null,
      debits_posted ${t.money} not null, credits_posted ${t.money} not null,
      debits_pending ${t.money} not null, credits_pending ${t.money} not null,
      created_at ${t.instant} not null, version ${t.integer} not null, primary key (org_id, id)`,
    indexes: ['unique (org_id, kind, holder, currency)'],
  });
  await createTable(knex, 'ledger_transfer', {
    owner: 'organization',
    app: 'append',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, kind ${t.text} not null,
      pending_id ${t.id}, debit_account_id ${t.id} not null, credit_account_id ${t.id} not null,
      amount_minor ${t.money} not null, currency ${t.text} not null, code ${t.text} not null,
      payment_id ${t.id}, operation_id ${t.id}, expires_at ${t.instant},
      created_at ${t.instant} not null, primary key (org_id, id),
      foreign key (org_id, debit_account_id) references ledger_account (org_id, id),
      foreign key (org_id, credit_account_id) references ledger_account (org_id, id),
      foreign key (org_id, pending_id) references ledger_transfer (org_id, id)`,
    indexes: ['unique (org_id, pending_id)', '(org_id, payment_id)', '(org_id, operation_id)'],
  });
}

export async function down(knex: Knex): Promise<void> {
  await dropTables(knex, [
    'ledger_transfer',
    'ledger_account',
    'payment_decision',
    'operation',
    'attempt',
    'payment',
    'payment_method',
    'kyc_session',
  ]);
}
