// When the provider itself decided: what it said earlier must not undo what it said later.

import type { Knex } from 'knex';
import { addColumns, dropColumns } from './support.ts';

export async function up(knex: Knex): Promise<void> {
  await addColumns(knex, 'kyc_session', (t) => [`provider_decided_at ${t.instant}`]);
}

export async function down(knex: Knex): Promise<void> {
  await dropColumns(knex, 'kyc_session', ['provider_decided_at']);
}
