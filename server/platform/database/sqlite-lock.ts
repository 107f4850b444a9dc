// One process serves one SQLite file. The lock is SQLite's own on a small file beside it, held by an open
// exclusive transaction: the system lets go of it when the process ends, however it ends, so it is never stale.

import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';

export interface SqliteLock {
  release(): void;
}

/**
 * Whoever asks must keep what is answered: a connection that is collected lets go of the lock.
 * @throws Error naming the file and the process that holds it.
 */
export function lockSqlite(file: string, pid: number): SqliteLock {
  const lockFile = `${file}.lock`;
  const pidFile = `${file}.pid`;
  const lock = new Sqlite(lockFile, { timeout: 0 });
  try {
    lock.exec('begin exclusive');
  } catch (error) {
    lock.close();
    if ((error as { code?: unknown }).code !== 'SQLITE_BUSY') throw error;
    throw new Error(
      `database.sqlite.file: expected a database nobody serves, found ${file} served by process ${holder(pidFile)}. ` +
        'One process serves a SQLite database; stop that one, or use Postgres for several.',
      { cause: error },
    );
  }
  writeFileSync(pidFile, `${pid}\n`, { mode: 0o600 });
  return {
    release: () => {
      rmSync(pidFile, { force: true });
      lock.close();
    },
  };
}

function holder(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim();
  } catch {
    return '(unknown)';
  }
}
