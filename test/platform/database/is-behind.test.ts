import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import { isBehind } from '../../../server/platform/database/is-behind.ts';

const folder = mkdtempSync(join(tmpdir(), 'sallyport-behind-'));
afterAll(() => rmSync(folder, { recursive: true }));

function database(name: string, done: readonly string[] | null): string {
  const file = join(folder, name);
  const connection = new Sqlite(file);
  connection.pragma('journal_mode = wal');
  if (done !== null) {
    connection.exec('create table knex_migrations (id integer primary key, name text)');
    for (const each of done)
      connection.prepare('insert into knex_migrations (name) values (?)').run(each);
  }
  connection.close();
  return file;
}

test('a database with every migration of this build is not behind, nor is a newer one', () => {
  expect(isBehind(database('same', ['1', '2']), ['1', '2'])).toBe(false);
  expect(isBehind(database('newer', ['1', '2', '3']), ['1', '2'])).toBe(false);
});

test('one that lacks a migration, has none, is not there or is no database is behind', () => {
  expect(isBehind(database('older', ['1']), ['1', '2'])).toBe(true);
  expect(isBehind(database('empty', null), ['1'])).toBe(true);
  expect(isBehind(join(folder, 'nowhere'), ['1'])).toBe(true);
  const text = join(folder, 'text');
  writeFileSync(text, 'no database, but long enough to be read as one'.repeat(40));
  expect(isBehind(text, ['1'])).toBe(true);
});
