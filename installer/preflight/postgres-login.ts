// How the server would log in to Postgres, by role.

import type { PreflightContext } from './check.ts';
import type { PostgresLogin, PreflightHost } from './host.ts';
import { onMachine } from './on-machine.ts';

export type PostgresRole = 'owner' | 'app' | 'engine';

/** @returns the login, or why there is none. */
export async function loginOf(
  host: PreflightHost,
  context: PreflightContext,
  role: PostgresRole,
): Promise<PostgresLogin | string> {
  const { postgres } = context.config.database;
  const password = postgres[`${role}_password`];
  if (password === null) return `no password of the ${role} role is given`;
  if (context.hiddenSecrets.has(`database.postgres.${role}_password`)) {
    return `the password of the ${role} role lies in the cluster`;
  }
  const { mode, ca_file: caFile } = postgres.tls;
  // For helm the file is a mount of the pod, unless the same path is here too.
  const here = caFile === null ? null : (onMachine(caFile, context) ?? caFile);
  const ca = here === null ? null : await host.readText(here);
  if (here !== null && ca === null) return `database.postgres.tls.ca_file ${here} cannot be read`;
  return {
    host: postgres.host,
    port: postgres.port,
    database: postgres.name,
    user: postgres[`${role}_user`],
    password,
    ssl:
      mode === 'disable'
        ? null
        : { ...(ca === null ? {} : { ca }), rejectUnauthorized: mode === 'verify_full' },
  };
}
