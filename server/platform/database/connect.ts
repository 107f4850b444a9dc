// Picks the database by the settings; the only place that knows there are two.

import type { Databases } from './database.ts';
import { connectPostgres, type PostgresSettings } from './postgres.ts';
import { connectSqlite, type DatabaseWorld, type SqliteSettings } from './sqlite.ts';

export type DatabaseSettings =
  | ({ kind: 'sqlite' } & SqliteSettings)
  | ({ kind: 'postgres'; owner: { user: string; password: string } } & PostgresSettings);

export function connectDatabases(settings: DatabaseSettings, world: DatabaseWorld): Databases {
  return settings.kind === 'sqlite'
    ? connectSqlite(settings, world)
    : connectPostgres(settings, world);
}
