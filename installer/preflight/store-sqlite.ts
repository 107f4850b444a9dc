// What an SQLite file says of itself, read-only, beside a server that may be writing to it. The driver is
// native and loaded only when there is a file to ask, so that a machine it does not run on is still told.

import type { SqliteOutcome } from './host.ts';

const BUSY_TIMEOUT_MS = 5_000;

export async function readSqlite(file: string): Promise<SqliteOutcome> {
  try {
    const { default: Sqlite } = await import('better-sqlite3');
    const db = new Sqlite(file, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS });
    try {
      const texts = (statement: string): string[] =>
        db.prepare<[], string>(statement).pluck().all().map(String);
      const has = (table: string): boolean =>
        texts(`select name from sqlite_master where type = 'table' and name = '${table}'`).length >
        0;
      const damage = texts('pragma quick_check(1)')[0] ?? 'no answer';
      return {
        ok: true,
        damage: damage === 'ok' ? null : damage,
        migrations: has('knex_migrations')
          ? texts('select name from knex_migrations order by name')
          : [],
        templates: has('template') ? Number(texts('select count(*) from template')[0]) : 0,
      };
    } finally {
      db.close();
    }
  } catch (error) {
    return { ok: false, message: error instanceof Error ? error.message : String(error) };
  }
}
