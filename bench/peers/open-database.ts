// What every peer opens its database with: the drivers bare, prepared statements, and the durability and the
// pool size of ours.

import Sqlite from 'better-sqlite3';
import pg from 'pg';

/** As `database.postgres.pool_max` has it by default. */
const POOL_MAX = 10;

export function openSqlite(file: string): Sqlite.Database {
  const db = new Sqlite(file);
  db.pragma('journal_mode = wal');
  db.pragma('synchronous = full');
  db.pragma('foreign_keys = on');
  db.pragma('busy_timeout = 5000');
  return db;
}

export function openPostgres(url: string): pg.Pool {
  return new pg.Pool({
    connectionString: url,
    max: POOL_MAX,
    keepAlive: true,
    options: '-c synchronous_commit=on',
  });
}

export interface Write {
  name: string;
  text: string;
  params: readonly unknown[];
}

export interface Writer {
  /** All or nothing, and on the disk when it resolves. */
  write(writes: readonly Write[]): Promise<void>;
}

export function createWriter(address: { file: string } | { url: string }): Writer {
  return 'file' in address ? sqliteWriter(address.file) : postgresWriter(address.url);
}

function sqliteWriter(file: string): Writer {
  const db = openSqlite(file);
  const prepared = new Map<string, Sqlite.Statement>();
  return {
    write: async (writes) => {
      db.exec('begin immediate');
      for (const { name, text, params } of writes) {
        let statement = prepared.get(name);
        if (statement === undefined) {
          statement = db.prepare(text.replaceAll(/\$\d+/g, '?'));
          prepared.set(name, statement);
        }
        statement.run(...params);
      }
      db.exec('commit');
    },
  };
}

function postgresWriter(url: string): Writer {
  const pool = openPostgres(url);
  return {
    write: async (writes) => {
      const client = await pool.connect();
      try {
        await client.query('begin');
        for (const { name, text, params } of writes)
          await client.query({ name, text, values: [...params] });
        await client.query('commit');
      } finally {
        client.release();
      }
    },
  };
}
