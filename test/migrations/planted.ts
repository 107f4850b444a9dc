// For each rule a migration that it must refuse, and next to it the way that is open. Before them stands one
// released migration with a few tables of the product.

import type { Knex } from 'knex';
import type { RecordedMigration } from '../../scripts/migrations-lint/record.ts';

export interface Plant {
  rule: string;
  refused: readonly (readonly string[])[];
  allowed: readonly (readonly string[])[];
  /** Of the refused and of the allowed. */
  config?: { refused?: boolean; allowed?: boolean };
  /** An empty way back. */
  noDown?: true;
}

const TABLE =
  'create table badge (org_id text not null, id text not null, primary key (org_id, id))';
const WALL = [
  'alter table badge enable row level security',
  'alter table badge force row level security',
  `create policy organization on badge to "role_app" using (org_id = '')`,
];

export const PLANTS: readonly Plant[] = [
  {
    rule: 'drop-table',
    refused: [['drop table payment'], ['drop table if exists "payment" cascade']],
    allowed: [],
  },
  {
    rule: 'drop-column',
    refused: [
      ['alter table payment drop column status'],
      ['ALTER TABLE "public"."payment"\n  DROP COLUMN IF EXISTS "status" CASCADE'],
      ['alter table payment add column note text, drop status'],
      ['/* harmless */ alter table payment -- really\n drop column status'],
      ['comment on table payment is $$ ; $$; alter table payment drop column status'],
    ],
    allowed: [[`comment on column payment.status is 'alter table payment drop column status;'`]],
  },
  {
    rule: 'rename',
    refused: [
      ['alter table payment rename to purchase'],
      ['alter table payment rename column status to state'],
      ['alter table payment rename status to state'],
      ['alter table payment set schema archive'],
    ],
    allowed: [],
  },
  {
    rule: 'change-type',
    refused: [
      ['alter table payment alter column version type text'],
      ['alter table payment alter version set data type integer using version::integer'],
    ],
    allowed: [['alter table payment add column version_text text']],
  },
  {
    rule: 'required-column',
    refused: [
      ['alter table payment add column note text not null'],
      ['alter table payment add note text collate "C" not null'],
    ],
    allowed: [
      ['alter table payment add column note text'],
      [`alter table payment add column note text not null default 'none'`],
    ],
  },
  {
    rule: 'narrower-rows',
    refused: [
      [`alter table payment add constraint known check (status in ('a', 'b')) not valid`],
      [
        'alter table person add constraint owner foreign key (org_id, id) references organization (id) not valid',
      ],
      [
        'alter table payment add column kind text, add constraint full_kind check (kind is not null) not valid',
      ],
    ],
    allowed: [
      [
        `alter table payment add column kind text, add constraint known check (kind is null or kind in ('a')) not valid`,
      ],
      [
        'alter table payment add column friend_id text, ' +
          'add constraint friend foreign key (org_id, friend_id) references person (org_id, id) not valid',
      ],
    ],
  },
  {
    rule: 'drop-constraint-or-index',
    refused: [
      ['alter table payment drop constraint payment_pkey'],
      ['drop index concurrently payment_1'],
    ],
    allowed: [
      [
        'drop index concurrently if exists payment_note',
        'create index concurrently payment_note on payment (org_id, status)',
      ],
    ],
    config: { allowed: false },
  },
  {
    rule: 'alter-type',
    refused: [
      [`create type colour as enum ('red')`],
      [`alter type colour add value 'blue'`],
      ['create domain amount as bigint check (value > 0)'],
    ],
    allowed: [],
  },
  {
    rule: 'row-security',
    refused: [
      ['alter table payment disable row level security'],
      ['alter table payment no force row level security'],
      ['drop policy organization on payment'],
      ['alter policy organization on payment using (true)'],
      ['create policy wider on payment to "role_app" using (true)'],
    ],
    allowed: [[TABLE, ...WALL]],
  },
  {
    rule: 'revoke',
    refused: [
      ['revoke update on payment from "role_app"'],
      ['revoke all on table payment from role_engine'],
    ],
    allowed: [['grant update (status) on payment to "role_engine"']],
  },
  {
    rule: 'rewriting-column',
    refused: [
      ['alter table payment add column token text default gen_random_uuid()'],
      ['alter table payment add column at timestamptz default clock_timestamp()'],
      ['alter table payment add column number bigserial'],
      ['alter table payment add column number bigint generated always as identity'],
      ['alter table payment add column twice bigint generated always as (version * 2) stored'],
    ],
    allowed: [
      ['alter table payment add column attempts bigint not null default 0'],
      [`alter table payment add column note text default 'a;b'::text not null`],
      ['alter table payment add column at timestamptz default now()'],
    ],
  },
  {
    rule: 'index-in-use',
    refused: [
      ['create index payment_note on payment (org_id, status)'],
      ['create unique index payment_note on only payment using btree (org_id, id)'],
      ['drop index payment_1'],
    ],
    allowed: [[TABLE, ...WALL, 'create index badge_1 on badge (org_id)']],
  },
  {
    rule: 'key-in-use',
    refused: [
      ['alter table payment add constraint one unique (org_id, status)'],
      ['alter table payment add primary key (id)'],
      ['alter table payment add column code text unique'],
    ],
    allowed: [['alter table payment add constraint one unique using index payment_note']],
  },
  {
    rule: 'constraint-not-valid',
    refused: [
      [
        'alter table payment add column kind text, add constraint known check (kind is null or true)',
      ],
      ['alter table payment add column friend text references organization (id)'],
      ['alter table payment add foreign key (org_id, id) references person (org_id, id)'],
      ['alter table payment add column kind text check (kind is null or true)'],
    ],
    allowed: [],
  },
  {
    rule: 'validate-apart',
    refused: [
      [
        'alter table payment add column kind text, add constraint known check (kind is null or true) not valid',
        'alter table payment validate constraint known',
      ],
    ],
    allowed: [['alter table payment validate constraint known']],
  },
  {
    rule: 'not-null-unproven',
    refused: [['alter table payment alter column status set not null']],
    allowed: [],
  },
  {
    rule: 'two-tables',
    refused: [['alter table payment add column a text', 'alter table person add column a text']],
    allowed: [['alter table payment add column a text', 'alter table payment add column b text']],
  },
  {
    rule: 'rows-and-schema',
    refused: [
      ['alter table outbox_shard add column note text', `update outbox_shard set note = 'x'`],
      ['alter table payment add column note text', `delete from payment where status = 'x'`],
    ],
    allowed: [['update outbox_shard set lease_until = 0 where shard = 3']],
  },
  {
    rule: 'rows-of-organizations',
    refused: [
      [`update payment set status = 'x' where status = 'y'`],
      ['delete from only payment'],
      [`insert into payment (id) values ('x')`],
      ['merge into payment using person on true when matched then delete'],
    ],
    allowed: [],
  },
  {
    rule: 'truncate',
    refused: [['truncate table payment'], ['truncate only payment cascade']],
    allowed: [],
  },
  {
    rule: 'lock-table',
    refused: [['lock table payment in access exclusive mode'], ['lock payment']],
    allowed: [],
  },
  {
    rule: 'own-settings',
    refused: [['set local lock_timeout = 0'], [`set role postgres`], ['reset all']],
    allowed: [],
  },
  {
    rule: 'transaction',
    refused: [
      [
        'alter table payment add column note text',
        'create index concurrently n on payment (status)',
      ],
    ],
    allowed: [['create index concurrently n on payment (status)']],
    config: { refused: false, allowed: false },
  },
  {
    rule: 'table-without-row-security',
    refused: [
      [TABLE],
      [TABLE, ...WALL.slice(0, 1), ...WALL.slice(2)],
      [TABLE, ...WALL.slice(0, 2)],
    ],
    allowed: [[TABLE, ...WALL]],
  },
  {
    rule: 'grant-to-stranger',
    refused: [
      ['grant select on payment to public'],
      ['grant select on payment to role_app, reporting'],
    ],
    allowed: [['grant select on payment to "role_app", "role_engine"']],
  },
  {
    rule: 'no-way-back',
    refused: [['alter table payment add column note text']],
    allowed: [],
    noDown: true,
  },
  {
    rule: 'depends-on-data',
    refused: [
      ['select count(*) from payment'],
      ['with a as (delete from payment returning *) select 1'],
    ],
    allowed: [],
  },
  {
    rule: 'not-judged',
    refused: [
      ['do $$ begin drop table payment; end $$'],
      ['create or replace function f() returns trigger language plpgsql as $f$ begin end $f$'],
      ['create trigger t before insert on payment for each row execute function f()'],
      ['vacuum full payment'],
      ['alter table payment owner to somebody'],
      ['alter table payment alter column status drop not null'],
      ['create table badge as select * from payment'],
      ['cluster payment'],
    ],
    allowed: [],
  },
];

const BACK = 'alter table payment drop column nothing';
/** The product's own history would do as well, and take ten times as long to record. */
export const HISTORY = planted('0001-history', [
  'create table organization (id text primary key)',
  'create table person (org_id text not null, id text not null, primary key (org_id, id))',
  'create table payment (org_id text, id text, status text, version bigint, primary key (org_id, id))',
  'create table outbox_shard (shard bigint primary key, lease_until bigint)',
]);

export function planted(
  name: string,
  statements: readonly string[],
  { isTransaction = true, hasDown = true } = {},
): RecordedMigration {
  const run = (list: readonly string[]) => async (knex: Knex) => {
    for (const statement of list) await knex.raw(statement);
  };
  return {
    name,
    up: run(statements),
    down: run(hasDown ? [BACK] : []),
    ...(isTransaction ? {} : { config: { transaction: false } }),
  };
}
