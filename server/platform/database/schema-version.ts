// Whether the database is at the very version that this build was written for. Asked before anything is
// served: a server on another schema would fail later, in the middle of somebody's work.

import { AppError, toError } from '../../shared/errors.ts';
import type { Databases } from './database.ts';

export interface Drift {
  /** This build has them and the database has not. */
  missing: readonly string[];
  /** The database has them and this build does not know them. */
  unknown: readonly string[];
}

export function driftBetween(expected: readonly string[], done: readonly string[]): Drift {
  return {
    missing: expected.filter((name) => !done.includes(name)),
    unknown: done.filter((name) => !expected.includes(name)),
  };
}

/** Throws with the names and the remedy. Reads as `engine`, which may see the list of migrations. */
export async function assertSchema(
  { engine }: Pick<Databases, 'engine'>,
  expected: readonly string[],
): Promise<void> {
  let rows: { name: string }[];
  try {
    rows = await engine.query<{ name: string }>(
      'select m.name from knex_migrations m order by m.id',
    );
  } catch (thrown) {
    if (engine.dialect.isUnavailable(thrown)) throw thrown;
    const why = toError(thrown).message;
    throw wrongSchema(
      `The database holds no list of migrations that can be read (${why}). ${RUN_MIGRATE}`,
    );
  }
  refuseUnknown(
    driftBetween(
      expected,
      rows.map(({ name }) => name),
    ),
  );
  const { missing } = driftBetween(
    expected,
    rows.map(({ name }) => name),
  );
  if (missing.length === 0) return;
  throw wrongSchema(`The database lacks the migrations ${missing.join(', ')}. ${RUN_MIGRATE}`);
}

export function refuseUnknown({ unknown }: Drift): void {
  if (unknown.length === 0) return;
  throw wrongSchema(
    `The database was migrated by a newer version: this build does not know ${unknown.join(', ')}. ` +
      'Start the version that made them, or restore the backup made before that upgrade.',
  );
}

const RUN_MIGRATE = 'Run the role migrate of this version first (node server/main.ts migrate).';

function wrongSchema(message: string): AppError {
  return new AppError('unavailable', message);
}
