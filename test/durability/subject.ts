// What is measured: a server of its own on the test's database, the processes that write for it, and how
// many write transactions its database has committed.

import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import Sqlite from 'better-sqlite3';
import type { TestDatabase } from '../support/database.ts';
import { type SchemaView, viewSchema } from '../support/schema.ts';
import { serverEnvironment, spawnServer, type SpawnedServer } from '../support/spawn-appliance.ts';
import type { Twin } from '../support/spawn-twin.ts';
import { PLANT } from './plant-weak-commits.ts';
import { readWal } from './wal-commits.ts';

export type Plant = 'none' | 'hidden' | 'open';

export interface Subject {
  server: SpawnedServer;
  apiKey: string;
  /** Every process that writes to the database. */
  writers(): Promise<readonly number[]>;
  commits(): Promise<number>;
}

const PLANT_FILE = pathToFileURL(join(import.meta.dirname, 'plant-weak-commits.ts')).href;

export async function openSubject(database: TestDatabase, plant: Plant): Promise<Subject> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sallyport-durability-'));
  const server = await spawnServer({
    ...withoutProviders(database, dataDir),
    ...(plant === 'none' ? {} : { NODE_OPTIONS: `--import ${PLANT_FILE}`, [PLANT]: plant }),
  });
  database.onClose(() => server.stop());
  const apiKey = readFileSync(join(dataDir, 'bootstrap-api-key'), 'utf8').trim();
  const { settings } = database;
  if (settings.kind === 'sqlite') {
    keepLog(database, settings.file);
    const commits = walCounter(`${settings.file}-wal`);
    return { server, apiKey, writers: async () => [server.pid], commits };
  }
  const view = await viewSchema(database);
  return {
    server,
    apiKey,
    writers: () => processesOf(view),
    // Numbers are given to transactions that write, and to no others.
    commits: async () => {
      const [row] = await view.run('select pg_current_xact_id()::text as xid');
      return Number(row?.['xid']);
    },
  };
}

/** Nothing but the work of the test should commit: no provider, so no poll and no delivery. */
function withoutProviders(database: TestDatabase, dataDir: string): Record<string, string> {
  const nowhere = { api: 'http://127.0.0.1:1' } as Twin;
  const env = serverEnvironment(database.settings, { dataDir, stripe: nowhere, veriff: nowhere });
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('SALLYPORT_PROVIDERS_')),
  );
}

/** SQLite starts its log over only when nobody reads from it; so somebody does. */
function keepLog(database: TestDatabase, file: string): void {
  const reader = new Sqlite(file, { readonly: true });
  reader.exec('begin');
  reader.prepare('select count(*) from sqlite_master').get();
  database.onClose(async () => void reader.close());
}

function walCounter(file: string): () => Promise<number> {
  let salt: string | null = null;
  return async () => {
    const wal = readWal(file);
    if (salt !== null && wal.salt !== salt) {
      throw new Error('The log started over while commits were counted.');
    }
    salt = wal.salt;
    return wal.commits;
  };
}

/** The postmaster and all it has started, the writer of the log and idle connections included. */
async function processesOf(view: SchemaView): Promise<number[]> {
  const [row] = await view.run('select pg_backend_pid() as pid');
  const stat = readFileSync(`/proc/${Number(row?.['pid'])}/stat`, 'utf8');
  const postmaster = Number(stat.split(') ').at(-1)?.split(' ')[1]);
  const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, 'utf8');
  return [postmaster, ...children.trim().split(' ').map(Number)];
}
