// One migration, up or down, with its row in `knex_migrations`: both or neither. On Postgres it waits for a
// lock only briefly, because everything that comes after it waits behind it, and then tries again; a server
// that is serving does not notice. Fails with the migration's name.

import type { Knex } from 'knex';
import { setTimeout as pause } from 'node:timers/promises';
import { toError } from '../../shared/errors.ts';

export interface MigrationStep {
  name: string;
  up(knex: Knex): Promise<void>;
  down(knex: Knex): Promise<void>;
  /** `transaction: false` for what Postgres does outside of one only: `create index concurrently`. */
  config?: { transaction: boolean };
}

/** How long a statement of a migration stands before a lock, and everybody else behind it. */
export const LOCK_TIMEOUT_MS = 500;
const PAUSE_MS = 500;
/** A backup holds every table open while it reads it. */
const PATIENCE_MS = 300_000;
/** Postgres: lock_not_available, deadlock_detected. */
const HELD = new Set(['55P03', '40P01']);

export async function takeStep(
  connection: Knex,
  step: MigrationStep,
  { direction, batch }: { direction: 'up' | 'down'; batch: number },
): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await attempt(connection, step, { direction, batch });
    } catch (thrown) {
      if (!isHeld(thrown) || performance.now() > deadline) throw named(step, thrown);
    }
    await pause(PAUSE_MS);
  }
}

async function attempt(
  connection: Knex,
  step: MigrationStep,
  { direction, batch }: { direction: 'up' | 'down'; batch: number },
): Promise<void> {
  const mark = (on: Knex): PromiseLike<unknown> =>
    direction === 'up'
      ? on('knex_migrations').insert({ name: step.name, batch, migration_time: new Date() })
      : on('knex_migrations').where({ name: step.name }).delete();
  const postgres = connection.client.config.client === 'pg';
  if (postgres && step.config?.transaction === false) {
    await step[direction](connection);
    await mark(connection);
    return;
  }
  await connection.transaction(async (transaction) => {
    if (postgres) await transaction.raw(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
    // First, so that SQLite takes its one write lock before it has read anything that may become old.
    await mark(transaction);
    await step[direction](transaction);
  });
}

function isHeld(thrown: unknown): boolean {
  const code = String((thrown as { code?: unknown }).code);
  return HELD.has(code) || code.startsWith('SQLITE_BUSY');
}

function named(step: MigrationStep, thrown: unknown): Error {
  const why = isHeld(thrown)
    ? `somebody has held what it needs for ${PATIENCE_MS / 60_000} minutes; on Postgres, ` +
      'pg_stat_activity shows the transactions that have been open longest. Try again afterwards'
    : toError(thrown).message;
  const left =
    step.config?.transaction === false
      ? 'failed (the next try begins anew)'
      : 'failed and changed nothing';
  return new Error(`The migration ${step.name} ${left}: ${why}`, { cause: thrown });
}
