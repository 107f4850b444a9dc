// How long servers stand before a lock, looked at from outside many times a second: on Postgres the longest wait
// of a serving role for a table, on SQLite the longest time in which the one write lock was never free.

import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { sleep } from '../../scripts/chaos/wait.ts';
import type { ApplianceDatabase } from '../../scripts/verify-ledger/appliance-rows.ts';

export interface LockWatch {
  /** The longest, in milliseconds. */
  stop(): Promise<number>;
}

interface Look {
  /** How long the longest has been standing at this moment. */
  waitedMs(): Promise<number>;
  close(): Promise<void>;
}

const LOOK_EVERY_MS = 10;
const LONGEST = `select coalesce(max(extract(epoch from clock_timestamp() - l.waitstart)), 0) * 1000 as ms
  from pg_locks l join pg_stat_activity a using (pid)
 where not l.granted and l.locktype = 'relation' and a.usename in ('sallyport_app', 'sallyport_engine')`;

export async function watchLocks(database: ApplianceDatabase): Promise<LockWatch> {
  const look = database.kind === 'sqlite' ? lookAtFile(database.file) : await lookAt(database);
  let longestMs = 0;
  const ended = new AbortController();
  const watching = (async () => {
    while (!ended.signal.aborted) {
      longestMs = Math.max(longestMs, await look.waitedMs());
      await sleep(LOOK_EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      ended.abort();
      await watching;
      await look.close();
      return longestMs;
    },
  };
}

async function lookAt(login: Extract<ApplianceDatabase, { kind: 'postgres' }>): Promise<Look> {
  const { host, port, name: database, user, password } = login;
  const client = new pg.Client({ host, port, database, user, password });
  await client.connect();
  return {
    waitedMs: async () => Number((await client.query<{ ms: string }>(LONGEST)).rows[0]?.ms),
    close: () => client.end(),
  };
}

function lookAtFile(file: string): Look {
  const db = new Sqlite(file);
  db.pragma('busy_timeout = 0');
  let freeAt = performance.now();
  return {
    waitedMs: async () => {
      const now = performance.now();
      try {
        db.exec('begin immediate');
        db.exec('rollback');
        freeAt = now;
      } catch (error) {
        if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
      }
      return now - freeAt;
    },
    close: async () => void db.close(),
  };
}
