// Kept answers are found by whom they are about. Built beside a server that goes on keeping answers. Were the
// organization its first column, a Postgres without statistics would think it as good as the primary key, and
// seek each answer among all of the organization's.

import type { Knex } from 'knex';
import { addIndex, dropIndex } from './support.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await addIndex(knex, 'idempotency_concerns', 'idempotency (concerns_id, org_id)');
}

export async function down(knex: Knex): Promise<void> {
  await dropIndex(knex, 'idempotency_concerns');
}
