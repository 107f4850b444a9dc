// Both sides of a measure on one kind of database: ours, migrated and bootstrapped by its own first start,
// and a copy of that for the peer. Each has its own data; only the machine is shared.

import { copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { type Postgres, startPostgres } from '../../scripts/chaos/postgres.ts';
import type { Context } from '../measure.ts';
import { migrate, type Server, serverEnvironment, startServer } from './server.ts';
import { type Kind, postgresStore, sqliteStore, type Store } from './store.ts';

export interface Pair {
  dataDir: string;
  env: Record<string, string>;
  ours: Store;
  peer: Store;
  close(): Promise<void>;
}

const PEER_DATABASE = 'sallyport_peer';

/** `prepare` fills our database through the server before it is copied. */
export async function openPair(
  { root, folder }: Context,
  kind: Kind,
  prepare: (server: Server) => Promise<void>,
): Promise<Pair> {
  const dataDir = join(folder, `data-${kind}`);
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const postgres = kind === 'postgres' ? await startPostgres(folder) : null;
  const env = { ...serverEnvironment(dataDir), ...postgres?.env };
  if (postgres !== null) await migrate({ root, folder, dataDir, env });
  const server = await startServer({ root, folder, dataDir, env, role: 'all' });
  try {
    await prepare(server);
  } finally {
    await server.stop();
  }
  const stores = postgres === null ? copySqlite(dataDir) : await copyPostgres(postgres);
  return { dataDir, env, ...stores, close: async () => postgres?.stop() };
}

/** The server has ended, so its log is empty. */
function copySqlite(dataDir: string): { ours: Store; peer: Store } {
  const file = join(dataDir, 'sallyport.db');
  const copy = join(dataDir, 'peer.db');
  copyFileSync(file, copy);
  return { ours: sqliteStore(file), peer: sqliteStore(copy) };
}

async function copyPostgres(postgres: Postgres): Promise<{ ours: Store; peer: Store }> {
  const name = String(postgres.superuser.database);
  const client = new pg.Client({ ...postgres.superuser, database: 'postgres' });
  await client.connect();
  try {
    await client.query(`create database ${PEER_DATABASE} template ${name}`);
  } finally {
    await client.end();
  }
  return { ours: postgresStore(postgres, name), peer: postgresStore(postgres, PEER_DATABASE) };
}
