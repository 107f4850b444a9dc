// Runs migrations, each in a transaction of its own: as the file's owner on SQLite, as the owner role on
// Postgres. The list of migrations is handed in. A migration that fails is rolled back whole and named;
// those before it stay, and older versions go on with them, because they only expand.

import type { Knex } from 'knex';
import { AppError } from '../../shared/errors.ts';
import type { DatabaseSettings } from './connect.ts';
import { withKnex } from './migrate-connection.ts';
import { type MigrationStep, takeStep } from './migrate-step.ts';
import { underMigrationLock } from './migration-lock.ts';
import { type Drift, driftBetween, newerOnly } from './schema-version.ts';

export type { MigrationStep } from './migrate-step.ts';

export interface MigrationReport {
  applied: readonly string[];
  current: string;
  /** What a newer version added; this one can live with it. */
  newer: readonly string[];
}

/** Brings the database to the newest migration. Two servers starting at once wait for each other. */
export async function migrateUp(
  settings: DatabaseSettings,
  steps: readonly MigrationStep[],
): Promise<MigrationReport> {
  return alone(settings, async (connection) => {
    const done = await doneOn(connection);
    const newer = newerOnly(namesOf(steps), done);
    const waiting = steps.filter(({ name }) => !done.includes(name));
    const current = [...done, ...namesOf(waiting)].toSorted().at(-1) ?? 'none';
    if (waiting.length === 0) return { applied: [], current, newer };
    // Both tables are made the way knex makes them.
    await connection.migrate.currentVersion(NO_MIGRATIONS);
    const last = await connection('knex_migrations').max({ batch: 'batch' }).first();
    const batch = Number(last?.['batch'] ?? 0) + 1;
    // So that a server that may not migrate can still tell whether somebody has to.
    if (settings.kind === 'postgres')
      await connection.raw(`grant select on knex_migrations to "${settings.engine.user}"`);
    for (const step of waiting) await takeStep(connection, step, { direction: 'up', batch });
    return { applied: namesOf(waiting), current, newer };
  });
}

/** Takes back the newest migration, or all of them. */
export async function migrateDown(
  settings: DatabaseSettings,
  steps: readonly MigrationStep[],
  { all = false } = {},
): Promise<readonly string[]> {
  return alone(settings, async (connection) => {
    const done = await doneOn(connection);
    const { unknown } = driftBetween(namesOf(steps), done);
    if (unknown.length > 0) {
      throw new AppError(
        'unavailable',
        `Only the newest migration is taken back, and this build does not know ${unknown.join(', ')}. ` +
          'Take them back with the version that made them.',
      );
    }
    const found = steps.filter(({ name }) => done.includes(name)).toReversed();
    const taken = all ? found : found.slice(0, 1);
    for (const step of taken) await takeStep(connection, step, { direction: 'down', batch: 0 });
    return namesOf(taken);
  });
}

/** Names of migrations that this server has and the database has not, and the other way round. */
export async function migrationDrift(
  settings: DatabaseSettings,
  steps: readonly MigrationStep[],
): Promise<Drift> {
  return withKnex(settings, async (connection) =>
    driftBetween(namesOf(steps), await doneOn(connection)),
  );
}

const NO_MIGRATIONS: Knex.MigratorConfig = {
  migrationSource: {
    getMigrations: async () => [],
    getMigrationName: () => '',
    getMigration: async () => ({ up: async () => undefined, down: async () => undefined }),
  },
};

function namesOf(steps: readonly MigrationStep[]): string[] {
  return steps.map(({ name }) => name);
}

async function doneOn(connection: Knex): Promise<string[]> {
  const exists = await connection.schema.hasTable('knex_migrations');
  const rows = exists ? await connection('knex_migrations').select('name').orderBy('id') : [];
  return rows.map(({ name }: { name: string }) => name);
}

/** Changes the schema while no other process does. */
async function alone<T>(
  settings: DatabaseSettings,
  work: (connection: Knex) => Promise<T>,
): Promise<T> {
  return underMigrationLock(settings, () => withKnex(settings, work));
}
