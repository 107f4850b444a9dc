// Whom a kept answer is about, so that it can be forgotten when that is erased.

import type { Knex } from 'knex';
import { addColumns, dropColumns } from './support.ts';

export async function up(knex: Knex): Promise<void> {
  await addColumns(knex, 'idempotency', (t) => [`concerns_id ${t.id}`]);
}

export async function down(knex: Knex): Promise<void> {
  await dropColumns(knex, 'idempotency', ['concerns_id']);
}
