import { beforeAll, describe, expect, test } from '@jest/globals';
import { transaction } from '../../../server/platform/database/database.ts';
import { useTestDatabase } from '../../support/database.ts';
import { type SchemaTable, type SchemaView, viewSchema } from '../../support/schema.ts';

const database = useTestDatabase();
let view: SchemaView;
let tables: readonly SchemaTable[];
beforeAll(async () => {
  view = await viewSchema(database.database());
  tables = await view.tables();
});

/** Tables that belong to no organization. A new table is one of these, or it is an organization's. */
const SYSTEM = ['outbox_dest', 'outbox_shard', 'schedule_run'];

/** Unique on their own, with the reason why that tells one organization nothing about another. */
const UNIQUE_ALONE: Readonly<Record<string, string>> = {
  'api_key.prefix': 'random; the look-up starts with it',
  'device.id': 'random; a device says who it is before anybody knows whose it is',
  'device_claim.lookup': 'a digest of a random code; the device knows only the code',
  'organization.id': 'random',
  'provider_account.id': 'random; the ingress path names it',
};

const columnsOf = (table: SchemaTable): string[] => table.columns.map((column) => column.name);
const isOrganizations = ({ name }: SchemaTable): boolean => !SYSTEM.includes(name);

describe('every table is an organization’s or the system’s', () => {
  test('there are tables of both sorts', () => {
    expect(tables.length).toBeGreaterThan(25);
    expect(tables.map((table) => table.name)).toEqual(expect.arrayContaining(SYSTEM));
  });

  test('an organization’s table says whose each row is, and the system’s has nothing of the sort', () => {
    const owned = tables.filter(
      (table) => table.name === 'organization' || columnsOf(table).includes('org_id'),
    );
    expect(owned.map((table) => table.name)).toEqual(
      tables.filter(isOrganizations).map((table) => table.name),
    );
  });

  test('where there is row-level security, it is forced on exactly the organizations’ tables', () => {
    const secured = tables.filter((table) => table.secured).map((table) => table.name);
    const wanted = tables.filter(isOrganizations).map((table) => table.name);
    expect(secured).toEqual(database.database().kind === 'postgres' ? wanted : []);
  });

  test('a unique index starts with the organization, or tells nothing', () => {
    const alone = tables.filter(isOrganizations).flatMap((table) =>
      table.unique
        .filter((columns) => columns[0] !== 'org_id')
        .map((columns) => `${table.name}.${columns.join()}`)
        // Numbers of the log rows: drawn by the database, never chosen.
        .filter((index) => !/\.(pos|lane_id|shard)$/.test(index)),
    );
    const known = Object.keys(UNIQUE_ALONE);
    expect(alone.filter((index) => !known.includes(index))).toEqual([]);
  });
});

describe('the second wall', () => {
  const READABLE = ['organization', 'node', 'node_closure', 'principal', 'api_key', 'event'];

  /** Which tables show a foreign row when the statement forgets to name the organization. */
  async function leaking(mine: string, theirs: string): Promise<string[]> {
    const db = database.databases().org(mine);
    const leaks: string[] = [];
    for (const table of READABLE) {
      const column = table === 'organization' ? 'id' : 'org_id';
      const rows = await db.query(`select ${column} as org from ${table} where ${column} = $1`, [
        theirs,
      ]);
      if (rows.length > 0) leaks.push(table);
    }
    return leaks;
  }

  test('hides foreign rows from a statement that asks for them, where the database has it', async () => {
    const mine = await database.seedOrganization();
    const theirs = await database.seedOrganization();
    const leaks = await leaking(mine.orgId, theirs.orgId);
    expect(leaks).toEqual(database.database().kind === 'postgres' ? [] : READABLE);
    expect(await leaking(theirs.orgId, theirs.orgId)).toEqual(READABLE);
  });

  test('a row cannot point into another organization, on either database', async () => {
    const mine = await database.seedOrganization();
    const theirs = await database.seedOrganization();
    const planted = transaction(database.databases().org(mine.orgId), (tx) =>
      tx.execute(
        `insert into node (org_id, id, parent_id, kind, name, created_at, version)
         values ($1, 'nod_planted', $2, 'zone', 'x', 1, 1)`,
        [mine.orgId, theirs.siteId],
      ),
    );
    await expect(planted).rejects.toThrow(/foreign key/i);
  });
});
