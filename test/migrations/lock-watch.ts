// How long a serving role stands before a lock on a table, looked at from outside many times a second. On
// Postgres only; SQLite has one lock for everything, and what a call takes shows it.

import pg from 'pg';
import { sleep } from '../../scripts/chaos/wait.ts';

export interface LockWatch {
  stop(): Promise<number>;
}

const LOOK_EVERY_MS = 10;
const LONGEST = `select coalesce(max(extract(epoch from clock_timestamp() - l.waitstart)), 0) * 1000 as ms
  from pg_locks l join pg_stat_activity a using (pid)
 where not l.granted and l.locktype = 'relation' and a.usename in ('sallyport_app', 'sallyport_engine')`;

export async function watchLocks(login: pg.ClientConfig): Promise<LockWatch> {
  const client = new pg.Client(login);
  await client.connect();
  let longestMs = 0;
  let isOver = false;
  const watching = (async () => {
    while (!isOver) {
      const { rows } = await client.query<{ ms: string }>(LONGEST);
      longestMs = Math.max(longestMs, Number(rows[0]?.ms));
      await sleep(LOOK_EVERY_MS);
    }
  })();
  return {
    stop: async () => {
      isOver = true;
      await watching;
      await client.end();
      return longestMs;
    },
  };
}
