// One migrator at a time. The lock belongs to the process and dies with it (an advisory lock on
// Postgres, an open transaction on a file beside the database on SQLite), so a migrator that was killed
// keeps nobody waiting; knex's own mark in a row would.

import Sqlite from 'better-sqlite3';
import pg from 'pg';
import { setTimeout as pause } from 'node:timers/promises';
import type { DatabaseSettings } from './connect.ts';

type Release = () => Promise<void>;

/** Any number of ours, the same in every version. */
const ADVISORY_LOCK = 5_720_193;
const LOOK_EVERY_MS = 200;
/** Longer than any migration of ours takes on a large site. */
const WAIT_MAX_MS = 300_000;

export async function underMigrationLock<T>(
  settings: DatabaseSettings,
  work: () => Promise<T>,
): Promise<T> {
  const release = await acquire(settings);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(settings: DatabaseSettings): Promise<Release> {
  for (let waitedMs = 0; waitedMs < WAIT_MAX_MS; waitedMs += LOOK_EVERY_MS) {
    const release =
      settings.kind === 'sqlite' ? lockFile(settings.file) : await lockServer(settings);
    if (release !== null) return release;
    await pause(LOOK_EVERY_MS);
  }
  throw new Error(
    `Another process has been migrating this database for ${WAIT_MAX_MS / 60_000} minutes.`,
  );
}

function lockFile(file: string): Release | null {
  const lock = new Sqlite(`${file}.migrating`);
  try {
    lock.pragma('busy_timeout = 0');
    lock.exec('begin exclusive');
    return async () => void lock.close();
  } catch (error) {
    lock.close();
    if ((error as { code?: unknown }).code === 'SQLITE_BUSY') return null;
    throw error;
  }
}

async function lockServer(
  settings: Extract<DatabaseSettings, { kind: 'postgres' }>,
): Promise<Release | null> {
  const { host, port, database, owner, ssl } = settings;
  const login = { host, port, database, user: owner.user, password: owner.password };
  const client = new pg.Client({ ...login, ...(ssl === undefined ? {} : { ssl }) });
  await client.connect();
  const answer = await client.query('select pg_try_advisory_lock($1) as locked', [ADVISORY_LOCK]);
  if ((answer.rows[0] as { locked: boolean }).locked) return () => client.end();
  await client.end();
  return null;
}
