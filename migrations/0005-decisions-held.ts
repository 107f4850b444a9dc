// A decision at the door is held by the one ask it was made for, until somebody else was told of it too: only
// so long may that ask take it back.

import type { Knex } from 'knex';
import { addColumns, dropColumns } from './support.ts';

export async function up(knex: Knex): Promise<void> {
  await addColumns(knex, 'payment_decision', (t) => [`held_by ${t.text}`]);
}

export async function down(knex: Knex): Promise<void> {
  await dropColumns(knex, 'payment_decision', ['held_by']);
}
