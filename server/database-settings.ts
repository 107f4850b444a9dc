// From the configuration's words to the database room's. Passwords that a role needs and that are not
// set were refused by config/rules.ts already; an absent one is an empty password here.

import { readFileSync } from 'node:fs';
import type { Config } from '../config/load.ts';
import type { DatabaseSettings } from './platform/database/connect.ts';

export function databaseSettings({ database }: Config): DatabaseSettings {
  if (database.kind === 'sqlite') {
    return {
      kind: 'sqlite',
      file: database.sqlite.file,
      synchronous: database.sqlite.synchronous,
      group: { waitMs: database.group_wait_ms, callersMax: database.group_max },
    };
  }
  const { postgres } = database;
  return {
    kind: 'postgres',
    host: postgres.host,
    port: postgres.port,
    database: postgres.name,
    owner: { user: postgres.owner_user, password: postgres.owner_password ?? '' },
    app: {
      user: postgres.app_user,
      password: postgres.app_password ?? '',
      connectionsMax: postgres.pool_max,
    },
    engine: {
      user: postgres.engine_user,
      password: postgres.engine_password ?? '',
      connectionsMax: postgres.engine_pool_max,
    },
    statementTimeoutMs: postgres.statement_timeout_ms,
    ...sslOf(postgres),
  };
}

type PostgresConfig = Config['database']['postgres'];

function sslOf({ tls }: PostgresConfig): { ssl?: { ca?: string; rejectUnauthorized: boolean } } {
  if (tls.mode === 'disable') return {};
  const ca = tls.ca_file === null ? {} : { ca: readFileSync(tls.ca_file, 'utf8') };
  return { ssl: { ...ca, rejectUnauthorized: tls.mode === 'verify_full' } };
}
