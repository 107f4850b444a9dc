// Devices with their claim codes, leases, events and durable commands; people, consents, wrapped keys,
// sealed templates and the evidence of each identification.

import type { Knex } from 'knex';
import { createTable, dropTables } from './support.ts';

export async function up(knex: Knex): Promise<void> {
  await createDeviceTables(knex);
  await createPeopleTables(knex);
}

async function createDeviceTables(knex: Knex): Promise<void> {
  await createTable(knex, 'device', {
    owner: 'organization',
    app: 'write',
    engine: 'read',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, node_id ${t.id} not null,
      name ${t.text} not null, model ${t.text}, serial ${t.text}, firmware ${t.text},
      status ${t.text} not null, key_id ${t.text}, key_algorithm ${t.text}, public_key ${t.text},
      event_epoch ${t.text}, event_acked ${t.integer} not null, command_epoch ${t.text} not null,
      command_next ${t.integer} not null, command_applied ${t.integer} not null,
      created_at ${t.instant} not null, version ${t.integer} not null, primary key (org_id, id),
      foreign key (org_id, node_id) references node (org_id, id)`,
    indexes: ['unique (id)', '(org_id, node_id)'],
  });
  await createTable(knex, 'device_claim', {
    owner: 'organization',
    app: 'write',
    engine: 'read',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, device_id ${t.id} not null,
      lookup ${t.text} not null, code_sealed ${t.bytes} not null, attempts ${t.integer} not null,
      expires_at ${t.instant} not null, used_at ${t.instant}, created_at ${t.instant} not null,
      version ${t.integer} not null, primary key (org_id, id),
      foreign key (org_id, device_id) references device (org_id, id)`,
    indexes: ['unique (lookup)', '(org_id, device_id)'],
  });
  await createTable(knex, 'device_lease', {
    owner: 'organization',
    app: 'write',
    engine: 'read',
    columns: (t) => `org_id ${t.id} not null, device_id ${t.id} not null, gen ${t.integer} not null,
      replica ${t.text} not null, connected_at ${t.instant} not null, seen_at ${t.instant} not null,
      expires_at ${t.instant} not null, primary key (org_id, device_id),
      foreign key (org_id, device_id) references device (org_id, id)`,
  });
  await createTable(knex, 'device_event', {
    owner: 'organization',
    app: 'append',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, device_id ${t.id} not null, epoch ${t.text} not null,
      seq ${t.integer} not null, id ${t.text} not null, type ${t.text} not null,
      occurred_at ${t.instant}, received_at ${t.instant} not null, clock_quality ${t.text},
      status ${t.text} not null, body ${t.json} not null,
      primary key (org_id, device_id, epoch, seq),
      foreign key (org_id, device_id) references device (org_id, id)`,
    indexes: ['(org_id, received_at)'],
  });
  await createTable(knex, 'device_command', {
    owner: 'organization',
    app: 'write',
    engine: 'read',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, device_id ${t.id} not null,
      epoch ${t.text} not null, seq ${t.integer} not null, method ${t.text} not null,
      params ${t.json} not null, status ${t.text} not null, result ${t.json}, sent_count ${t.integer} not null,
      expires_at ${t.instant} not null, created_at ${t.instant} not null,
      finished_at ${t.instant}, version ${t.integer} not null, primary key (org_id, id),
      foreign key (org_id, device_id) references device (org_id, id)`,
    indexes: [
      'unique (org_id, device_id, epoch, seq)',
      '(org_id, device_id, status)',
      '(status, expires_at)',
    ],
  });
}

async function createPeopleTables(knex: Knex): Promise<void> {
  await createTable(knex, 'person', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, node_id ${t.id} not null,
      external_ref ${t.text}, display_name ${t.text} not null, status ${t.text} not null,
      created_at ${t.instant} not null, version ${t.integer} not null, primary key (org_id, id),
      foreign key (org_id, node_id) references node (org_id, id)`,
    indexes: ['unique (org_id, external_ref)', '(org_id, node_id)'],
  });
  await createTable(knex, 'org_key', {
    owner: 'organization',
    app: 'write',
    engine: 'read',
    columns: (t) => `org_id ${t.id} not null references organization (id), id ${t.id} not null,
      key_version ${t.integer} not null, status ${t.text} not null, root_kid ${t.text} not null,
      wrapped ${t.bytes} not null, created_at ${t.instant} not null, primary key (org_id, id)`,
    indexes: ['unique (org_id, key_version)'],
  });
  await createTable(knex, 'person_key', {
    owner: 'organization',
    app: 'write',
    engine: 'read',
    columns: (
      t,
    ) => `org_id ${t.id} not null, person_id ${t.id} not null, org_key_id ${t.id} not null,
      key_version ${t.integer} not null, wrapped ${t.bytes} not null, created_at ${t.instant} not null, primary key (org_id, person_id),
      foreign key (org_id, person_id) references person (org_id, id),
      foreign key (org_id, org_key_id) references org_key (org_id, id)`,
  });
  await createTable(knex, 'consent', {
    owner: 'organization',
    app: 'write',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, person_id ${t.id} not null, id ${t.id} not null,
      purpose ${t.text} not null, text_version ${t.text} not null, method ${t.text} not null,
      given_at ${t.instant} not null, withdrawn_at ${t.instant}, created_at ${t.instant} not null,
      version ${t.integer} not null, primary key (org_id, person_id, id),
      foreign key (org_id, person_id) references person (org_id, id)`,
    indexes: ['unique (org_id, id)'],
  });
  await createTable(knex, 'template', {
    owner: 'organization',
    app: 'write',
    engine: 'read',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, person_id ${t.id} not null,
      consent_id ${t.id} not null, modality ${t.text} not null, extractor ${t.text} not null,
      dimensions ${t.integer} not null, status ${t.text} not null, sealed ${t.bytes},
      source ${t.text} not null, device_id ${t.id}, quality ${t.integer},
      created_at ${t.instant} not null, erased_at ${t.instant}, version ${t.integer} not null,
      primary key (org_id, id), foreign key (org_id, person_id) references person (org_id, id),
      foreign key (org_id, person_id, consent_id) references consent (org_id, person_id, id)`,
    indexes: ['(org_id, person_id)', '(org_id, status)', '(org_id, consent_id)'],
  });
  await createTable(knex, 'identification', {
    owner: 'organization',
    app: 'append',
    engine: 'none',
    columns: (t) => `org_id ${t.id} not null, id ${t.id} not null, device_id ${t.id},
      node_id ${t.id} not null, person_id ${t.id}, outcome ${t.text} not null,
      modality ${t.text} not null, extractor ${t.text} not null, score_micro ${t.integer},
      margin_micro ${t.integer}, threshold_micro ${t.integer} not null,
      gallery_size ${t.integer} not null, evidence_class ${t.text} not null,
      created_at ${t.instant} not null, primary key (org_id, id),
      foreign key (org_id, node_id) references node (org_id, id)`,
    indexes: ['(org_id, person_id)'],
  });
}

export async function down(knex: Knex): Promise<void> {
  await dropTables(knex, [
    'identification',
    'template',
    'consent',
    'person_key',
    'org_key',
    'person',
    'device_command',
    'device_event',
    'device_lease',
    'device_claim',
    'device',
  ]);
}
