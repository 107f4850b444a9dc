// Kept answers are found by whom they are about. Built beside a server that goes on keeping answers.

import type { Knex } from 'knex';
import { addIndex, dropIndex } from './support.ts';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  await addIndex(knex, 'idempotency_concerns', 'idempotency (org_id, concerns_id)');
}

export async function down(knex: Knex): Promise<void> {
  await dropIndex(knex, 'idempotency_concerns');
}
