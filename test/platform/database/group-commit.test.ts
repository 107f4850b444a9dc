import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import { mkdtempSync, rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Databases, transaction } from '../../../server/platform/database/database.ts';
import { BodyOutlivedTurnError } from '../../../server/platform/database/group-commit.ts';
import { connectSqlite } from '../../../server/platform/database/sqlite.ts';
import { realTimers } from '../../support/world.ts';

let folder: string;
let databases: Databases;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-group-'));
  databases = connectSqlite(
    { file: join(folder, 'group.db'), synchronous: 'FULL', group: { waitMs: 2, callersMax: 50 } },
    { timers: realTimers() },
  );
  await transaction(databases.engine, (tx) =>
    tx.execute('create table thing (id text primary key, raw blob)'),
  );
});
afterEach(async () => {
  await databases.close();
  rmSync(folder, { recursive: true });
});

const add = (id: string, after?: () => Promise<void>, bytes = 0): Promise<void> =>
  transaction(databases.engine, async (tx) => {
    await tx.execute('insert into thing (id, raw) values ($1, $2)', [id, new Uint8Array(bytes)]);
    await after?.();
  });

/** A timer may be due before the event loop has turned, on a busy machine. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function ids(): Promise<unknown[]> {
  const rows = await databases.engine.query('select id from thing order by id');
  return rows.map((row) => row['id']);
}

describe('group commit', () => {
  test('waits for another writer without standing still: reads go on, then it commits', async () => {
    const other = new Sqlite(join(folder, 'group.db'));
    other.exec('begin immediate');
    const written = add('waited');
    let turns = 0;
    for (; turns < 10; turns += 1) {
      expect(await ids()).toEqual([]);
      await sleep(5);
    }
    other.exec('rollback');
    other.close();
    await written;
    expect(await ids()).toEqual(['waited']);
  });

  test('one that throws takes back only its own work', async () => {
    const results = await Promise.allSettled([
      add('a'),
      add('b', () => Promise.reject(new Error('no'))),
      add('c'),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await ids()).toEqual(['a', 'c']);
  });

  test('one that violates a constraint takes back only its own work', async () => {
    const results = await Promise.allSettled([add('a'), add('a'), add('c')]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await ids()).toEqual(['a', 'c']);
  });

  test('a full disk fails the whole group, and the next group works again', async () => {
    const pages = await databases.engine.begin((tx) => tx.query('pragma page_count'));
    const full = Number(pages[0]?.['page_count']) + 4;
    await databases.engine.begin((tx) => tx.query(`pragma max_page_count = ${full}`));
    const results = await Promise.allSettled([add('a'), add('b', undefined, 1_000_000), add('c')]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(await ids()).toEqual([]);
    await databases.engine.begin((tx) => tx.query('pragma max_page_count = 1000000'));
    await add('d');
    expect(await ids()).toEqual(['d']);
  });

  test('nobody of a group that failed says anything of its own: it may rest on what is gone', async () => {
    const pages = await databases.engine.begin((tx) => tx.query('pragma page_count'));
    await databases.engine.begin((tx) =>
      tx.query(`pragma max_page_count = ${Number(pages[0]?.['page_count']) + 4}`),
    );
    const undone: string[] = [];
    const results = await Promise.allSettled([
      transaction(databases.engine, async (tx) => {
        tx.afterRollback(() => undone.push('first'));
        tx.afterCommit(() => undone.push('committed'));
        await tx.execute(`insert into thing (id) values ('first')`);
      }),
      transaction(databases.engine, async (tx) => {
        tx.afterRollback(() => undone.push('twin'));
        const [found] = await tx.query(`select id from thing where id = 'first'`);
        throw new Error(`answered as ${String(found?.['id'])}`);
      }),
      add('b', undefined, 1_000_000),
    ]);
    const said = results.map((one) => (one.status === 'rejected' ? String(one.reason) : 'kept'));
    expect(new Set(said).size).toBe(1);
    expect(said[0]).toContain('full');
    expect(undone).toEqual(['first', 'twin']);
  });

  test('a body that awaits anything but the database is refused, and its neighbours are not', async () => {
    const results = await Promise.allSettled([add('a'), add('b', nextTurn), add('c')]);
    expect(results[1]).toMatchObject({
      status: 'rejected',
      reason: expect.any(BodyOutlivedTurnError),
    });
    expect(await ids()).toEqual(['a', 'c']);
  });

  test('statements of a body that was refused are refused too', async () => {
    const late = Promise.withResolvers<unknown>();
    const done = transaction(databases.engine, async (tx) => {
      await nextTurn();
      await tx.execute(`insert into thing (id) values ('late')`).catch(late.resolve);
    });
    await expect(done).rejects.toBeInstanceOf(BodyOutlivedTurnError);
    expect(String(await late.promise)).toContain('has ended');
    expect(await ids()).toEqual([]);
  });

  test('awaiting resolved promises and many statements is fine', async () => {
    await transaction(databases.engine, async (tx) => {
      for (let index = 0; index < 200; index += 1) {
        await Promise.resolve();
        await tx.execute('insert into thing (id) values ($1)', [`n${index}`]);
      }
    });
    expect(await ids()).toHaveLength(200);
  });
});
