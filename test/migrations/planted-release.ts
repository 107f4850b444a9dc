// What the planted releases bring: one that expands every table the load is on, one that locks, one that breaks.

import type { PlantedMigration } from './releases.ts';

interface Refused extends PlantedMigration {
  /** The rule of the linter. */
  refusedBy: string;
}

/** On the path of an ask, a call and the outbox. */
const TABLES = ['person', 'payment', 'operation', 'event', 'outbox_msg', 'device', 'idempotency'];
const HELD_SECONDS = 4;
/** On SQLite a count that takes about as long; a migration holds the one write lock from its start. */
const COUNTED = 40_000_000;

export const EXPANDS: readonly PlantedMigration[] = [
  ...TABLES.map((table, at) => ({
    name: `900${at}-planted-${table.replaceAll('_', '-')}`,
    up: `await addColumns(knex, '${table}', (t) => [\`planted \${t.text}\`]);`,
  })),
  {
    name: '9010-planted-index',
    up: `await addIndex(knex, 'payment_planted', 'payment (org_id, planted)', { unique: true });`,
    isTransaction: false,
  },
  {
    name: '9011-planted-table',
    up: `await createTable(knex, 'planted', { owner: 'organization', app: 'write', engine: 'read',
      columns: (t) => \`org_id \${t.id} not null references organization (id), id \${t.id} not null,
        primary key (org_id, id)\` });`,
  },
];

export const LOCKS: Record<'postgres' | 'sqlite', Refused> = {
  postgres: {
    name: '9101-locks',
    up: `await knex.raw('lock table person in access exclusive mode');
      await knex.raw('select pg_sleep(${HELD_SECONDS})');`,
    refusedBy: 'lock-table',
  },
  sqlite: {
    name: '9101-locks',
    up: `await knex.raw(\`with recursive n(x) as (select 1 union all select x + 1 from n where x < ${COUNTED})
        select count(*) from n\`);`,
    refusedBy: 'depends-on-data',
  },
};

export const BREAKS: Refused = {
  name: '9102-breaks',
  up: `await knex.raw('alter table person drop column display_name');`,
  refusedBy: 'drop-column',
};
