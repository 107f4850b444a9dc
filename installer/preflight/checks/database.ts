// The database whatever it is: one this release can live with, not damaged.

import { newerOnly } from '../../../server/platform/database/schema-version.ts';
import { toError } from '../../../server/shared/errors.ts';
import { type Check, EVERYWHERE, fail, ON_THIS_MACHINE, pass, skip } from '../check.ts';
import type { PreflightContext } from '../check.ts';
import type { PreflightHost } from '../host.ts';
import { sqliteFile } from '../on-machine.ts';
import { loginOf } from '../postgres-login.ts';
import { formatBytes } from '../format-bytes.ts';

/** Reading every page of a larger one takes longer than anybody waits here. */
const LOOKED_THROUGH_BYTES_MAX = 4 * 1024 ** 3;

export const DATABASE_CHECKS: readonly Check[] = [
  {
    id: 'database-intact',
    title: 'The SQLite database is not damaged',
    severity: 'fail',
    runtimes: ON_THIS_MACHINE,
    doc: 'A damaged page is found today or in the middle of a migration. Every page is looked at (quick_check), read-only, while the server may go on.',
    remedy: 'Restore the last backup (sallyport restore) onto a disk that you trust.',
    check: async (host, context) => {
      const file = sqliteFile(context);
      const facts = file === null ? null : await host.stat(file);
      if (file === null || facts === null) return skip('there is no SQLite database yet');
      if (facts.size > LOOKED_THROUGH_BYTES_MAX) {
        return skip(`${formatBytes(facts.size)} are too much to look through here`);
      }
      const found = await host.sqlite(file);
      if (!found.ok) return fail(`${file}: ${found.message}`);
      return found.damage === null ? pass(file) : fail(`${file}: ${found.damage}`);
    },
  },
  {
    id: 'schema-known',
    title: 'This release can live with the schema',
    severity: 'fail',
    runtimes: EVERYWHERE,
    doc: 'An older release may go back onto a schema that a newer one only expanded. It may not when a `_contract_` migration took away what it needs, or when the database has another history than this release.',
    remedy: 'Install the release that made this schema, or a newer one.',
    check: async (host, context) => {
      const seen = await migrationsOf(host, context);
      if (typeof seen === 'string') return skip(seen);
      try {
        const newer = newerOnly(context.release.migrations, seen);
        return newer.length === 0
          ? pass(`${seen.length} migrations, all known`)
          : pass(`${seen.length} migrations; a newer release added ${newer.join(', ')}`);
      } catch (refused) {
        return fail(`release ${context.release.version}: ${toError(refused).message}`);
      }
    },
  },
];

/** @returns their names, or why they cannot be told. */
async function migrationsOf(
  host: PreflightHost,
  context: PreflightContext,
): Promise<readonly string[] | string> {
  const { database } = context.config;
  if (database.kind === 'sqlite') {
    const file = sqliteFile(context);
    if (file === null) return 'the database does not lie on this machine';
    if ((await host.stat(file)) === null) return 'there is no database yet';
    const found = await host.sqlite(file);
    return found.ok ? found.migrations : `the database cannot be read: ${found.message}`;
  }
  const role = database.postgres.owner_password === null ? 'app' : 'owner';
  const login = await loginOf(host, context, role);
  if (typeof login === 'string') return login;
  const found = await host.postgres(login, { roles: [] });
  if (!found.ok) return 'the database cannot be reached (see postgres-login)';
  return found.facts.migrations ?? 'there is no schema yet, or it may not be read';
}
