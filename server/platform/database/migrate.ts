// Runs migrations with knex: as the file's owner on SQLite, as the owner role on Postgres. The list of
// migrations is handed in. Fails with the migration's name; a failed migration is rolled back whole.

import knex, { type Knex } from 'knex';
import type { DatabaseSettings } from './connect.ts';
import { underMigrationLock } from './migration-lock.ts';
import { type Drift, driftBetween, refuseUnknown } from './schema-version.ts';

export interface MigrationStep {
  name: string;
  up(knex: Knex): Promise<void>;
  down(knex: Knex): Promise<void>;
}

export interface MigrationReport {
  applied: readonly string[];
  current: string;
}

/** Brings the database to the newest migration. Two servers starting at once wait for each other. */
export async function migrateUp(
  settings: DatabaseSettings,
  steps: readonly MigrationStep[],
): Promise<MigrationReport> {
  return alone(settings, async (connection) => {
    refuseUnknown(await driftOf(connection, steps));
    const [, applied] = (await connection.migrate.latest(options(steps))) as [number, string[]];
    // So that a server that may not migrate can still tell whether somebody has to.
    if (settings.kind === 'postgres')
      await connection.raw(`grant select on knex_migrations to "${settings.engine.user}"`);
    return { applied, current: await connection.migrate.currentVersion(options(steps)) };
  });
}

/** Takes back the newest migration, or all of them. */
export async function migrateDown(
  settings: DatabaseSettings,
  steps: readonly MigrationStep[],
  { all = false } = {},
): Promise<readonly string[]> {
  return alone(settings, async (connection) => {
    const result = all
      ? await connection.migrate.rollback(options(steps), true)
      : await connection.migrate.down(options(steps));
    return (result as [number, string[]])[1];
  });
}

/** Names of migrations that this server has and the database has not, and the other way round. */
export async function migrationDrift(
  settings: DatabaseSettings,
  steps: readonly MigrationStep[],
): Promise<Drift> {
  return withKnex(settings, (connection) => driftOf(connection, steps));
}

async function driftOf(connection: Knex, steps: readonly MigrationStep[]): Promise<Drift> {
  const exists = await connection.schema.hasTable('knex_migrations');
  const rows = exists ? await connection('knex_migrations').select('name') : [];
  return driftBetween(
    steps.map((step) => step.name),
    rows.map((row: { name: string }) => row.name),
  );
}

function options(steps: readonly MigrationStep[]): Knex.MigratorConfig {
  return {
    migrationSource: {
      getMigrations: async () => [...steps],
      getMigrationName: (step: MigrationStep) => step.name,
      getMigration: async (step: MigrationStep) => step,
    },
  };
}

/** Changes the schema while no other process does; a mark that a killed one left is removed. */
async function alone<T>(
  settings: DatabaseSettings,
  work: (connection: Knex) => Promise<T>,
): Promise<T> {
  return underMigrationLock(settings, () =>
    withKnex(settings, async (connection) => {
      if (await connection.schema.hasTable('knex_migrations_lock')) {
        await connection.migrate.forceFreeMigrationsLock(options([]));
      }
      return work(connection);
    }),
  );
}

async function withKnex<T>(
  settings: DatabaseSettings,
  work: (connection: Knex) => Promise<T>,
): Promise<T> {
  const connection = open(settings);
  try {
    return await work(connection);
  } finally {
    await connection.destroy();
  }
}

function open(settings: DatabaseSettings): Knex {
  if (settings.kind === 'sqlite') {
    return knex({
      client: 'better-sqlite3',
      connection: { filename: settings.file },
      useNullAsDefault: true,
      pool: {
        afterCreate: (raw: { pragma(text: string): unknown }, done: (error?: Error) => void) => {
          raw.pragma('journal_mode = wal');
          raw.pragma(`synchronous = ${settings.synchronous}`);
          raw.pragma('busy_timeout = 5000');
          raw.pragma('foreign_keys = on');
          done();
        },
      },
    });
  }
  const { host, port, database, owner, ssl } = settings;
  const login = { host, port, database, user: owner.user, password: owner.password };
  const connection = { ...login, ...(ssl === undefined ? {} : { ssl }) };
  return knex({ client: 'pg', connection }).withUserParams({
    roles: { app: settings.app.user, engine: settings.engine.user },
  });
}
