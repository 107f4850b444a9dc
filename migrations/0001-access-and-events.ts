// Organizations, their one resource tree with its closure, principals, API keys, the append-only event
// log and the record of idempotent requests. Every tenant key starts with org_id.

import type { Knex } from 'knex';
import { createTable, dropTables } from './support.ts';

export async function up(knex: Knex): Promise<void> {
  await createTable(knex, 'organization', {
    owner: 'organization',
    ownerColumn: 'id',
    app: 'append',
    engine: 'read',
    columns: (t) => `id ${t.id} primary key, name ${t.text} not null, status ${t.text} not null,
      created_at ${t.instant} not null, version ${t.integer} not null`,
  });
  await createTable(knex, 'node', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null references organization (id), id ${t.id} not null,
      parent_id ${t.id}, kind ${t.text} not null, name ${t.text} not null,
      created_at ${t.instant} not null, version ${t.integer} not null,
      primary key (org_id, id), foreign key (org_id, parent_id) references node (org_id, id)`,
    indexes: ['(org_id, parent_id)'],
  });
  await createTable(knex, 'node_closure', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, ancestor_id ${t.id} not null,
      descendant_id ${t.id} not null, depth ${t.integer} not null,
      primary key (org_id, descendant_id, ancestor_id),
      foreign key (org_id, ancestor_id) references node (org_id, id),
      foreign key (org_id, descendant_id) references node (org_id, id)`,
    indexes: ['(org_id, ancestor_id, descendant_id)'],
  });
  await createTable(knex, 'principal', {
    owner: 'organization',
    app: 'write',
    engine: 'read',
    columns: (t) => `org_id ${t.id} not null references organization (id), id ${t.id} not null,
      kind ${t.text} not null, name ${t.text} not null, status ${t.text} not null,
      created_at ${t.instant} not null, version ${t.integer} not null, primary key (org_id, id)`,
  });
  await createTable(knex, 'api_key', {
    owner: 'organization',
    app: 'write',
    engine: 'read',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, principal_id ${t.id} not null,
      node_id ${t.id} not null, name ${t.text} not null, prefix ${t.text} not null, last_four ${t.text} not null,
      secret_hash ${t.text} not null, scopes ${t.json} not null, status ${t.text} not null,
      api_version ${t.text} not null, created_at ${t.instant} not null, expires_at ${t.instant},
      last_used_at ${t.instant}, version ${t.integer} not null, primary key (org_id, id),
      foreign key (org_id, principal_id) references principal (org_id, id),
      foreign key (org_id, node_id) references node (org_id, id)`,
    indexes: ['unique (prefix)'],
  });
  await createTable(knex, 'event', {
    owner: 'organization',
    app: 'append',
    engine: 'read',
    columns: (t) => `pos ${t.position}, org_id ${t.id} not null, id ${t.id} not null,
      type ${t.text} not null, subject_kind ${t.text} not null, subject_id ${t.id} not null,
      node_id ${t.id}, actor ${t.json} not null, data ${t.json} not null, trace_id ${t.text},
      created_at ${t.instant} not null`,
    indexes: ['unique (org_id, id)', '(org_id, pos)', '(type, pos)'],
  });
  await createTable(knex, 'idempotency', {
    owner: 'organization',
    app: 'write',
    engine: 'write',
    columns: (t) => `org_id ${t.id} not null, principal_id ${t.id} not null,
      idempotency_key ${t.text} not null, fingerprint ${t.text} not null, status ${t.integer} not null,
      headers ${t.json} not null, body ${t.text} not null, created_at ${t.instant} not null,
      expires_at ${t.instant} not null, primary key (org_id, principal_id, idempotency_key)`,
    indexes: ['(expires_at)'],
  });
}

export async function down(knex: Knex): Promise<void> {
  await dropTables(knex, [
    'idempotency',
    'event',
    'api_key',
    'principal',
    'node_closure',
    'node',
    'organization',
  ]);
}
