// Whom a kept answer is about, so that it can be forgotten when that is erased.

import type { Knex } from 'knex';
import { addColumns, dropColumns } from './support.ts';

export async function up(knex: Knex): Promise<void> {
  await addColumns(knex, 'idempotency', (t) => [`concerns_id ${t.id}`]);
  await knex.raw('create index idempotency_concerns on idempotency (org_id, concerns_id)');
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('drop index idempotency_concerns');
  await dropColumns(knex, 'idempotency', ['concerns_id']);
}
