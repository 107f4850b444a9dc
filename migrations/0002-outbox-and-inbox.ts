// The outbox (messages are inserted and deleted, never updated; leases are on shards), the inbox
// (stored before it is believed), provider accounts with their cursors, and the runs of schedules.

import type { Knex } from 'knex';
import { createTable, dropTables, type Types } from './support.ts';

/** A message and a dead message have the same columns; order within an aggregate is order of pos. */
function messageColumns(t: Types): string {
  return `org_id ${t.id} not null, lane_id ${t.integer} not null, aggregate ${t.text} not null,
    type ${t.text} not null, uid ${t.id} not null, body ${t.text} not null, trace_id ${t.text},
    created_at ${t.instant} not null, not_before ${t.instant}`;
}

export async function up(knex: Knex): Promise<void> {
  await createTable(knex, 'outbox_dest', {
    owner: 'system',
    app: 'read',
    engine: 'write',
    storage: 'fillfactor=50',
    columns: (t) => `id ${t.text} primary key, inflight_max ${t.integer} not null,
      breaker ${t.text} not null, open_until ${t.instant}, failures ${t.integer} not null,
      last_ok_at ${t.instant}, last_failed_at ${t.instant}, last_error ${t.text}`,
  });
  await createTable(knex, 'outbox_lane', {
    owner: 'organization',
    app: 'append',
    engine: 'write',
    storage: 'fillfactor=50',
    columns: (t) => `lane_id ${t.position}, org_id ${t.id} not null references organization (id),
      dest_id ${t.text} not null references outbox_dest (id), shard ${t.integer} not null,
      weight ${t.integer} not null, paused_until ${t.instant}, low ${t.integer} not null, replays ${t.integer} not null`,
    indexes: ['unique (org_id, dest_id)', '(shard)'],
  });
  await createTable(knex, 'outbox_shard', {
    owner: 'system',
    app: 'read',
    engine: 'write',
    storage: 'fillfactor=50',
    columns: (t) => `shard ${t.integer} primary key, owner ${t.text}, epoch ${t.integer} not null,
      lease_until ${t.instant} not null`,
  });
  await createTable(knex, 'outbox_msg', {
    owner: 'organization',
    app: 'write',
    engine: 'write',
    storage: `autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000,
      autovacuum_vacuum_cost_delay=0, autovacuum_vacuum_insert_threshold=-1, vacuum_truncate=off`,
    columns: (t) => `pos ${t.position}, ${messageColumns(t)}`,
    indexes: ['(lane_id, pos)'],
  });
  await createTable(knex, 'outbox_retry', {
    owner: 'organization',
    app: 'write',
    engine: 'write',
    columns: (t) => `pos ${t.integer} primary key, org_id ${t.id} not null,
      lane_id ${t.integer} not null, aggregate ${t.text} not null, attempts ${t.integer} not null,
      failures ${t.integer} not null, doubts ${t.integer} not null,
      next_at ${t.instant} not null, state ${t.text} not null, last_error ${t.text}`,
    indexes: ['(lane_id, next_at)'],
  });
  await createTable(knex, 'outbox_dead', {
    owner: 'organization',
    app: 'write',
    engine: 'write',
    columns: (t) => `pos ${t.integer} primary key, ${messageColumns(t)},
      attempts ${t.integer} not null, reason ${t.text} not null, died_at ${t.instant} not null`,
    indexes: ['(org_id, pos)'],
  });
  await createTable(knex, 'outbox_attempt', {
    owner: 'organization',
    app: 'append',
    engine: 'write',
    columns: (
      t,
    ) => `org_id ${t.id} not null, pos ${t.integer} not null, attempt ${t.integer} not null,
      lane_id ${t.integer} not null, type ${t.text} not null, uid ${t.id} not null,
      outcome ${t.text} not null, status ${t.integer}, duration_ms ${t.integer} not null,
      detail ${t.text}, created_at ${t.instant} not null, primary key (org_id, pos, attempt)`,
    indexes: ['(created_at)', '(org_id, uid)'],
  });
  await createTable(knex, 'schedule_run', {
    owner: 'system',
    app: 'none',
    engine: 'write',
    columns: (
      t,
    ) => `name ${t.text} not null, bucket ${t.instant} not null, owner ${t.text} not null,
      created_at ${t.instant} not null, primary key (name, bucket)`,
  });
  await createTable(knex, 'provider_account', {
    owner: 'organization',
    app: 'write',
    engine: 'read',
    columns: (t) => `org_id ${t.id} not null references organization (id), id ${t.id} not null,
      provider ${t.text} not null, status ${t.text} not null, created_at ${t.instant} not null,
      version ${t.integer} not null, primary key (org_id, id)`,
    indexes: ['unique (id)', 'unique (org_id, provider)'],
  });
  await createTable(knex, 'provider_cursor', {
    owner: 'organization',
    app: 'write',
    engine: 'write',
    columns: (t) => `org_id ${t.id} not null, provider_account_id ${t.id} not null,
      position ${t.text}, caught_up_to ${t.instant}, polled_at ${t.instant},
      primary key (org_id, provider_account_id),
      foreign key (org_id, provider_account_id) references provider_account (org_id, id)`,
  });
  await createTable(knex, 'inbox_event', {
    owner: 'organization',
    app: 'write',
    engine: 'write',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null,
      provider_account_id ${t.id} not null, provider ${t.text} not null,
      dedupe_key ${t.text} not null, type ${t.text} not null, object_ref ${t.text},
      source ${t.text} not null, headers ${t.json} not null, raw ${t.bytes} not null,
      verified ${t.flag} not null, key_id ${t.text}, received_at ${t.instant} not null,
      status ${t.text} not null, applied_at ${t.instant}, reason ${t.text},
      primary key (org_id, id),
      foreign key (org_id, provider_account_id) references provider_account (org_id, id)`,
    indexes: ['unique (org_id, provider_account_id, dedupe_key)', '(org_id, status)'],
  });
}

export async function down(knex: Knex): Promise<void> {
  await dropTables(knex, [
    'inbox_event',
    'provider_cursor',
    'provider_account',
    'schedule_run',
    'outbox_attempt',
    'outbox_dead',
    'outbox_retry',
    'outbox_msg',
    'outbox_shard',
    'outbox_lane',
    'outbox_dest',
  ]);
}
