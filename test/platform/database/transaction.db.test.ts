import { describe, expect, test } from '@jest/globals';
import { transaction, type Tx } from '../../../server/platform/database/database.ts';
import { useTestDatabase } from '../../support/database.ts';

const database = useTestDatabase();

async function rename(tx: Tx, id: string, name: string): Promise<void> {
  await tx.execute('update node set name = $3 where org_id = $1 and id = $2', [tx.org, id, name]);
}

async function nameOf(orgId: string, id: string): Promise<unknown> {
  const db = database.databases().org(orgId);
  const rows = await db.query('select name from node where org_id = $1 and id = $2', [orgId, id]);
  return rows[0]?.['name'];
}

describe('transaction', () => {
  test('gives back what the work returned, after it is committed', async () => {
    const { orgId, siteId } = await database.seedOrganization();
    const value = await transaction(database.databases().org(orgId), async (tx) => {
      await rename(tx, siteId, 'committed');
      return 42;
    });
    expect([value, await nameOf(orgId, siteId)]).toEqual([42, 'committed']);
  });

  test('takes everything back when the work throws, and hands the same error on', async () => {
    const { orgId, siteId } = await database.seedOrganization();
    const failure = new Error('no');
    const done = transaction(database.databases().org(orgId), async (tx) => {
      await rename(tx, siteId, 'undone');
      throw failure;
    });
    await expect(done).rejects.toBe(failure);
    expect(await nameOf(orgId, siteId)).toBe('Site');
  });

  test('takes back a statement that failed and those before it, and the connection still works', async () => {
    const { orgId, siteId } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    const done = transaction(db, async (tx) => {
      await rename(tx, siteId, 'undone');
      await tx.execute(`insert into node (org_id, id) values ($1, 'nod_half')`, [orgId]);
    });
    await expect(done).rejects.toThrow();
    expect(await nameOf(orgId, siteId)).toBe('Site');
    await transaction(db, (tx) => rename(tx, siteId, 'next'));
    expect(await nameOf(orgId, siteId)).toBe('next');
  });

  test('runs what waits for the commit only after one', async () => {
    const { orgId, siteId } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    const told: string[] = [];
    await transaction(db, async (tx) => {
      tx.afterCommit(() => told.push('committed'));
      await rename(tx, siteId, 'a');
      expect(told).toEqual([]);
    });
    const undone = transaction(db, async (tx) => {
      tx.afterCommit(() => told.push('rolled back'));
      throw new Error('no');
    });
    await expect(undone).rejects.toThrow('no');
    expect(told).toEqual(['committed']);
  });

  test('two that lock the same rows in opposite orders both commit, by trying again', async () => {
    const { orgId, rootNodeId, siteId } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    // Where two can be open at once, each takes its first lock before either takes its second.
    const nap = database.database().kind === 'postgres' ? 'select pg_sleep(0.3)' : 'select 1';
    let runs = 0;
    const both = (ids: readonly string[], name: string): Promise<void> =>
      transaction(db, async (tx) => {
        runs += 1;
        await rename(tx, ids[0] ?? '', name);
        await tx.query(nap);
        await rename(tx, ids[1] ?? '', name);
      });
    await Promise.all([both([rootNodeId, siteId], 'one'), both([siteId, rootNodeId], 'two')]);
    expect(await nameOf(orgId, siteId)).toBe(await nameOf(orgId, rootNodeId));
    expect(runs).toBe(database.database().kind === 'postgres' ? 3 : 2);
  });

  test('counters raised by forty callers at once lose nothing', async () => {
    const { orgId, siteId } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    const raise = (): Promise<number> =>
      transaction(db, (tx) =>
        tx.execute('update node set version = version + 1 where org_id = $1 and id = $2', [
          orgId,
          siteId,
        ]),
      );
    await Promise.all(Array.from({ length: 40 }, raise));
    const rows = await db.query('select version from node where org_id = $1 and id = $2', [
      orgId,
      siteId,
    ]);
    expect(rows[0]?.['version']).toBe(41);
  });

  test('large numbers, bytes and sums come back as they went in', async () => {
    const { orgId } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    const wrapped = new Uint8Array([0, 255, 10]);
    await transaction(db, (tx) =>
      tx.execute(
        `insert into org_key (org_id, id, key_version, status, root_kid, wrapped, created_at)
         values ($1, 'okk_1', $2, 'active', 'k', $3, $2)`,
        [orgId, Number.MAX_SAFE_INTEGER, wrapped],
      ),
    );
    const rows = await db.query(
      'select key_version, wrapped, (select sum(depth) from node_closure where org_id = $1) as total ' +
        'from org_key where org_id = $1',
      [orgId],
    );
    expect(rows[0]).toEqual({
      key_version: Number.MAX_SAFE_INTEGER,
      wrapped: Buffer.from(wrapped),
      total: 1,
    });
  });
});
