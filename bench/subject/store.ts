// A database that is measured, on either side: the settings a process needs, its rows counted, the processes
// that write to it. The peer's is a copy of ours, taken after the start that migrates and bootstraps.

import { readFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import pg from 'pg';
import type { Postgres } from '../../scripts/chaos/postgres.ts';

export type Kind = 'sqlite' | 'postgres';

export interface Store {
  kind: Kind;
  /** What a peer connects with. */
  address: { file: string } | { url: string };
  rows(): Promise<Record<string, number>>;
  writers(pid: number): Promise<readonly number[]>;
}

export function sqliteStore(file: string): Store {
  return {
    kind: 'sqlite',
    address: { file },
    rows: async () => {
      const db = new Sqlite(file, { readonly: true });
      try {
        const tables = db
          .prepare(
            `select name from sqlite_master where type = 'table' and name not like 'sqlite_%'`,
          )
          .pluck()
          .all() as string[];
        const count = (table: string): number =>
          db.prepare(`select count(*) from "${table}"`).pluck().get() as number;
        return Object.fromEntries(tables.map((table) => [table, count(table)]));
      } finally {
        db.close();
      }
    },
    writers: async (pid) => [pid],
  };
}

export function postgresStore({ superuser }: Postgres, database: string): Store {
  const { host, port, user, password } = superuser;
  const url = `postgres://${user}:${String(password)}@${host}:${port}/${database}`;
  const query = async (text: string): Promise<Record<string, unknown>[]> => {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      return (await client.query(text)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  };
  return {
    kind: 'postgres',
    address: { url },
    rows: async () => {
      const found = await query(`select tablename from pg_tables where schemaname = 'public'`);
      const tables = found.map(({ tablename }) => String(tablename));
      const counts = tables.map((table) => `(select count(*) from "${table}") as "${table}"`);
      const [row] = await query(`select ${counts.join(', ')}`);
      return Object.fromEntries(Object.entries(row ?? {}).map(([name, n]) => [name, Number(n)]));
    },
    writers: async () => {
      const [row] = await query(
        `select pg_backend_pid() as self, split_part(pg_read_file('postmaster.pid'), E'\\n', 1) as pid`,
      );
      return clusterOf(Number(row?.['pid']), Number(row?.['self']));
    },
  };
}

/** The postmaster and all it has started, but for the one that told us and is gone by now. */
function clusterOf(postmaster: number, self: number): number[] {
  const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
  const pids = children.trim().split(' ').map(Number);
  return [postmaster, ...pids.filter((pid) => pid !== self)];
}
