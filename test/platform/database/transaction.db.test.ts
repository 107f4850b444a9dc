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

describe('what is only sent', () => {
  const INSERT = `insert into node (org_id, id, parent_id, kind, name, created_at, version)
    values ($1, $2, $3, 'site', $4, 1, 1)`;

  test('is kept with the commit, seen by what is asked after it, and in its order', async () => {
    const { orgId, rootNodeId, siteId } = await database.seedOrganization();
    const seen = await transaction(database.databases().org(orgId), async (tx) => {
      tx.send(INSERT, [orgId, 'nod_sent', rootNodeId, 'first']);
      tx.send(INSERT, [orgId, 'nod_sent_too', 'nod_sent', 'second']);
      const found = await tx.query(
        `select id, name from node where org_id = $1 and id like 'nod_sent%' order by id`,
        [orgId],
      );
      await rename(tx, siteId, 'renamed');
      tx.send('update node set name = $3 where org_id = $1 and id = $2', [orgId, siteId, 'last']);
      return found;
    });
    expect(seen).toEqual([
      { id: 'nod_sent', name: 'first' },
      { id: 'nod_sent_too', name: 'second' },
    ]);
    expect(await nameOf(orgId, siteId)).toBe('last');
  });

  test('and fails takes everything back, though nothing was asked after it', async () => {
    const { orgId, rootNodeId, siteId } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    const after: string[] = [];
    const done = transaction(db, async (tx) => {
      tx.afterCommit(() => after.push('committed'));
      await rename(tx, siteId, 'undone');
      tx.send(INSERT, [orgId, siteId, rootNodeId, 'taken']);
    });
    const error = await done.catch((thrown: unknown) => thrown);
    expect(db.dialect.isUniqueViolation(error)).toBe(true);
    expect([await nameOf(orgId, siteId), after]).toEqual(['Site', []]);
  });

  test('and fails is what the next statement says, which is not run', async () => {
    const { orgId, rootNodeId, siteId } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    const done = transaction(db, async (tx) => {
      tx.send(INSERT, [orgId, siteId, rootNodeId, 'taken']);
      await rename(tx, siteId, 'not run');
    });
    const error = await done.catch((thrown: unknown) => thrown);
    expect(db.dialect.isUniqueViolation(error)).toBe(true);
    expect(await nameOf(orgId, siteId)).toBe('Site');
  });

  test('may fail in a statement that its connection never saw before, and then run there', async () => {
    const { orgId, rootNodeId, siteId } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    const text = `${INSERT} -- of this test alone`;
    // More often than there are connections: each comes by again after it failed.
    for (let round = 0; round < 30; round += 1) {
      const fresh = transaction(db, async (tx) => {
        tx.send(text, [orgId, `nod_round_${round}`, rootNodeId, 'free']);
        tx.send(text, [orgId, round % 2 === 0 ? siteId : `nod_also_${round}`, rootNodeId, 'twice']);
      });
      if (round % 2 === 0) await expect(fresh).rejects.toThrow();
      else await fresh;
    }
    const rows = await db.query(
      `select count(*) as made from node where org_id = $1 and name in ('free', 'twice')`,
      [orgId],
    );
    expect(rows[0]?.['made']).toBe(30);
  });
});

describe('a read outside a transaction', () => {
  test('may not write, neither for an organization nor for the engine', async () => {
    const { orgId, siteId } = await database.seedOrganization();
    const databases = database.databases();
    const write = `update node set name = 'written' where org_id = $1 and id = $2`;
    await expect(databases.org(orgId).execute(write, [orgId, siteId])).rejects.toThrow(
      /read-?only/,
    );
    await expect(
      databases.engine.execute(`delete from idempotency where org_id = $1`, [orgId]),
    ).rejects.toThrow(/read-?only/);
    expect(await nameOf(orgId, siteId)).toBe('Site');
  });

  test('many at once each get their own rows', async () => {
    const { orgId, rootNodeId, siteId } = await database.seedOrganization();
    const asked = Array.from({ length: 60 }, (_, at) => (at % 3 === 0 ? rootNodeId : siteId));
    const db = database.databases().org(orgId);
    const found = await Promise.all(
      asked.map((id) => db.query('select id from node where org_id = $1 and id = $2', [orgId, id])),
    );
    expect(found).toEqual(asked.map((id) => [{ id }]));
  });
});

describe('what goes wrong in one transaction', () => {
  test('a value that cannot be read fails its statement, and the connection goes on', async () => {
    const { orgId, siteId } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    const isPostgres = database.database().kind === 'postgres';
    const unreadable = isPostgres ? 'select 9007199254740993::bigint as n' : `select json('{')`;
    for (let round = 0; round < 15; round += 1) {
      const read = transaction(db, (tx) => tx.query(unreadable));
      await expect(read).rejects.toThrow(isPostgres ? /safe integer/ : /malformed JSON/);
      expect(await nameOf(orgId, siteId)).toBe('Site');
    }
  });

  test('a connection that is lost fails its transaction as unavailable, and nobody else', async () => {
    const { orgId, siteId } = await database.seedOrganization();
    const db = database.databases().org(orgId);
    if (database.database().kind === 'sqlite')
      return expect(await nameOf(orgId, siteId)).toBe('Site');
    let undone = 0;
    const lost = transaction(db, async (tx) => {
      tx.afterRollback(() => (undone += 1));
      await rename(tx, siteId, 'lost');
      const [row] = await tx.query<{ pid: number }>('select pg_backend_pid() as pid');
      await db.query('select pg_terminate_backend($1)', [row?.pid ?? 0]);
      await rename(tx, siteId, 'too late');
    });
    const error = await lost.catch((thrown: unknown) => thrown);
    expect(db.dialect.isUnavailable(error)).toBe(true);
    expect([await nameOf(orgId, siteId), undone]).toEqual(['Site', 1]);
  });

  test('a statement after its end is refused, whatever it was to do', async () => {
    const { orgId, siteId } = await database.seedOrganization();
    let late: Tx | null = null;
    await transaction(database.databases().org(orgId), async (tx) => {
      late = tx;
      await rename(tx, siteId, 'in time');
    });
    const ended = late as unknown as Tx;
    expect(() => ended.send('select 1')).toThrow(/has ended/);
    await expect(ended.query('select 1')).rejects.toThrow(/has ended/);
    await expect(rename(ended, siteId, 'late')).rejects.toThrow(/has ended/);
    expect(await nameOf(orgId, siteId)).toBe('in time');
  });
});
