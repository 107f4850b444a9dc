import { describe, expect, test } from '@jest/globals';
import {
  ownershipProblems,
  roomTables,
  tablesOf,
  tableOfTables,
} from '../../../scripts/architecture/tables.ts';

const MIGRATIONS = [
  {
    file: 'migrations/0001-a.ts',
    text: `await createTable(knex, 'person', {});\nawait createTable(\n  knex,\n  'consent', {});`,
  },
];
const STORE = {
  file: 'server/domains/people/store.ts',
  text: "db.query(`insert into person (id) values ($1)`); tx.execute('update consent set a = 1')",
};

describe('owners of tables', () => {
  test('are read from the migrations and the SQL of the sources', () => {
    const tables = tablesOf(MIGRATIONS);
    expect(tables).toEqual(['consent', 'person']);
    const reader = {
      file: 'server/domains/kyc/store.ts',
      text: 'select * from person join consent on true',
    };
    const rooms = roomTables([STORE, reader], tables);
    expect(rooms).toEqual([
      { room: 'domains/kyc', writes: [], readsOfOthers: ['consent', 'person'] },
      { room: 'domains/people', writes: ['consent', 'person'], readsOfOthers: [] },
    ]);
    expect(ownershipProblems(rooms, tables)).toEqual([]);
    expect(tableOfTables(rooms)).toContain('| `domains/people` | `consent`, `person` | – |');
  });

  test('a second writer is named', () => {
    const intruder = { file: 'server/domains/kyc/store.ts', text: 'delete from person where true' };
    const rooms = roomTables([STORE, intruder], ['consent', 'person']);
    expect(ownershipProblems(rooms, ['consent', 'person'])).toEqual([
      'person: expected one room that writes it, found domains/kyc, domains/people.',
    ]);
  });

  test('a table that nobody writes is named', () => {
    expect(ownershipProblems(roomTables([STORE], ['orphan']), ['orphan'])).toEqual([
      'orphan: expected one room that writes it, found none.',
    ]);
  });
});
