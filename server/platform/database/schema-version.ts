// Whether the database is at a version that this build can serve: its own, or a newer one that only
// expanded. Asked before anything is served: a server on another schema would fail later, in the middle of
// somebody's work.

import { AppError, toError } from '../../shared/errors.ts';
import type { Databases } from './database.ts';

export interface Drift {
  /** This build has them and the database has not. */
  missing: readonly string[];
  /** The database has them and this build does not know them. */
  unknown: readonly string[];
}

interface WarningLog {
  warn(fields: object, message: string): void;
}

/** The mark of a migration that takes away what older versions need. All others only expand. */
const CONTRACT_MARK = '_contract_';

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
  log: WarningLog,
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
  const done = rows.map(({ name }) => name);
  const newer = newerOnly(expected, done);
  if (newer.length > 0) log.warn({ newer }, NEWER_SCHEMA);
  const { missing } = driftBetween(expected, done);
  if (missing.length === 0) return;
  throw wrongSchema(`The database lacks the migrations ${missing.join(', ')}. ${RUN_MIGRATE}`);
}

/** What a newer version added. Throws when this build cannot live with it. */
export function newerOnly(expected: readonly string[], done: readonly string[]): readonly string[] {
  const { missing, unknown } = driftBetween(expected, done);
  const contracts = unknown.filter(isContract);
  if (contracts.length > 0) {
    throw wrongSchema(
      'The database was migrated by a newer version that took away what this one needs: ' +
        `${contracts.join(', ')}. ${START_THE_OTHER}`,
    );
  }
  const newest = expected.toSorted().at(-1) ?? '';
  const strange = unknown.filter((name) => name < newest);
  if (strange.length === 0 && (unknown.length === 0 || missing.length === 0)) return unknown;
  const lacks = missing.length === 0 ? '' : ` and lacks ${missing.join(', ')}`;
  throw wrongSchema(
    'The database is neither older nor newer than this build: it has ' +
      `${unknown.join(', ')}${lacks}. ${START_THE_OTHER}`,
  );
}

export function isContract(name: string): boolean {
  return name.includes(CONTRACT_MARK);
}

/** Said in the log and by the role migrate. */
export const NEWER_SCHEMA =
  'The schema is newer than this release and only expanded: nothing to do, it can be served.';
const RUN_MIGRATE = 'Run the role migrate of this version first (node server/main.ts migrate).';
const START_THE_OTHER =
  'Start the version that made them, or restore the backup made before that upgrade.';

function wrongSchema(message: string): AppError {
  return new AppError('unavailable', message);
}
