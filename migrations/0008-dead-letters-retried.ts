// A dead letter is sent again by its own organization, in the transaction that says who wanted it: the marks
// of its lane are lowered there.

import type { Knex } from 'knex';
import { grantToApp, revokeFromApp } from './support.ts';

const MARKS = 'update (low, replays)';

export async function up(knex: Knex): Promise<void> {
  await grantToApp(knex, MARKS, 'outbox_lane');
}

export async function down(knex: Knex): Promise<void> {
  await revokeFromApp(knex, MARKS, 'outbox_lane');
}
