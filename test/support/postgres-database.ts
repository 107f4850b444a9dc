// A database of one's own on the test run's Postgres: cloned from a template that was migrated once.
// The cluster is started by the run's global set-up, which names it in SALLYPORT_TEST_POSTGRES (JSON:
// host, port, user, password of a superuser). The superuser only makes and drops databases here.

import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { MIGRATIONS } from '../../migrations/index.ts';
import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import { migrateUp } from '../../server/platform/database/migrate.ts';

export interface PostgresCluster {
  host: string;
  port: number;
  user: string;
  password: string;
}

const ROLES = { owner: 'sallyport_owner', app: 'sallyport_app', engine: 'sallyport_engine' };
/** The cluster listens on loopback only and dies with the test run. */
const PASSWORD = 'test';
/** Any number, the same in every worker: one makes roles and template while the others wait. */
const SETUP_LOCK = 7_240_551;

export function postgresCluster(): PostgresCluster {
  const text = process.env['SALLYPORT_TEST_POSTGRES'];
  if (text === undefined) {
    throw new Error(
      'Expected SALLYPORT_TEST_POSTGRES (set by the global set-up of jest), found nothing.',
    );
  }
  return JSON.parse(text) as PostgresCluster;
}

export async function createPostgresDatabase(
  migrated: boolean,
): Promise<{ settings: DatabaseSettings; remove(): Promise<void> }> {
  const cluster = postgresCluster();
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asSuperuser(cluster, async (client) => {
    const template = await alone(client, async () => {
      await ensureRoles(client);
      return migrated ? ensureTemplate(cluster, client) : 'template0';
    });
    await client.query(`create database ${name} template ${template} owner ${ROLES.owner}`);
  });
  const remove = (): Promise<void> =>
    asSuperuser(cluster, async (client) => {
      await client.query(`drop database if exists ${name} with (force)`);
    });
  return { settings: settingsOf(cluster, name), remove };
}

/** Roles and template are made by whoever comes first; the template is named by its migrations. */
async function ensureTemplate(cluster: PostgresCluster, client: pg.Client): Promise<string> {
  const template = `template_${migrationsDigest()}`;
  const found = await client.query('select 1 from pg_database where datname = $1', [template]);
  if (found.rowCount !== 0) return template;
  const draft = `draft_${randomBytes(6).toString('hex')}`;
  await client.query(`create database ${draft} template template0 owner ${ROLES.owner}`);
  await migrateUp(settingsOf(cluster, draft), MIGRATIONS);
  await client.query(`alter database ${draft} rename to ${template}`);
  return template;
}

async function alone<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query(`select pg_advisory_lock(${SETUP_LOCK})`);
  try {
    return await work();
  } finally {
    await client.query(`select pg_advisory_unlock(${SETUP_LOCK})`);
  }
}

async function ensureRoles(client: pg.Client): Promise<void> {
  for (const role of Object.values(ROLES)) {
    const found = await client.query('select 1 from pg_roles where rolname = $1', [role]);
    if (found.rowCount === 0)
      await client.query(`create role ${role} nosuperuser nobypassrls login`);
    await client.query(`alter role ${role} password '${PASSWORD}'`);
  }
}

function migrationsDigest(): string {
  const folder = join(import.meta.dirname, '../../migrations');
  const digest = createHash('sha256');
  for (const file of readdirSync(folder).toSorted())
    digest.update(readFileSync(join(folder, file)));
  return digest.digest('hex').slice(0, 16);
}

function settingsOf(cluster: PostgresCluster, database: string): DatabaseSettings {
  return {
    kind: 'postgres',
    host: cluster.host,
    port: cluster.port,
    database,
    owner: login(ROLES.owner),
    app: { ...login(ROLES.app), connectionsMax: 8 },
    engine: { ...login(ROLES.engine), connectionsMax: 6 },
    statementTimeoutMs: 20_000,
  };
}

function login(user: string): { user: string; password: string } {
  return { user, password: PASSWORD };
}

async function asSuperuser<T>(
  cluster: PostgresCluster,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client({ ...cluster, database: 'postgres' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
