// Reads the appliance's database by plain SQL and nothing of its code, while it runs and after it. Never
// writes. On SQLite a read-only connection; on Postgres a superuser, who sees all organizations.

import Sqlite from 'better-sqlite3';
import pg from 'pg';

export type Row = Record<string, string | number | null>;

export interface Books {
  rows<T extends Row = Row>(text: string): Promise<T[]>;
  close(): Promise<void>;
}

export function openSqliteBooks(file: string): Books {
  const db = new Sqlite(file, { readonly: true, fileMustExist: true });
  db.pragma('busy_timeout = 5000');
  return {
    rows: async <T extends Row>(text: string) => db.prepare(text).all() as T[],
    close: async () => void db.close(),
  };
}

export async function openPostgresBooks(superuser: pg.ClientConfig): Promise<Books> {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  types.setTypeParser(pg.types.builtins.NUMERIC, Number);
  const client = new pg.Client({ ...superuser, types });
  await client.connect();
  return {
    rows: async <T extends Row>(text: string) => (await client.query(text)).rows as T[],
    close: () => client.end(),
  };
}
