// The database of a configuration, as the database room names it. Both verbs need the owner: one to read
// which migrations ran, the other to make the tables.

import { readFileSync } from 'node:fs';
import type { Config } from '../../config/load.ts';
import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import { ExitError } from '../exit-codes.ts';

export function databaseOf({ database }: Config): DatabaseSettings {
  if (database.kind === 'sqlite') {
    const { file, synchronous } = database.sqlite;
    const group = { waitMs: database.group_wait_ms, callersMax: database.group_max };
    return { kind: 'sqlite', file, synchronous, group };
  }
  const { postgres } = database;
  const login = (role: 'owner' | 'app' | 'engine'): { user: string; password: string } => ({
    user: postgres[`${role}_user`],
    password: passwordOf(postgres[`${role}_password`], role),
  });
  const { mode, ca_file: caFile } = postgres.tls;
  const ca = caFile === null ? {} : { ca: readFileSync(caFile, 'utf8') };
  return {
    kind: 'postgres',
    host: postgres.host,
    port: postgres.port,
    database: postgres.name,
    owner: login('owner'),
    app: { ...login('app'), connectionsMax: 1 },
    engine: { ...login('engine'), connectionsMax: 1 },
    statementTimeoutMs: postgres.statement_timeout_ms,
    ...(mode === 'disable' ? {} : { ssl: { ...ca, rejectUnauthorized: mode === 'verify_full' } }),
  };
}

function passwordOf(password: string | null, role: string): string {
  if (password !== null) return password;
  throw new ExitError(
    'badInput',
    `database.postgres.${role}_password: expected the password of the ${role}, found none. Backup and restore need all three roles.`,
  );
}
