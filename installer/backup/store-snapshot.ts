// One moment of the database, as rows of JSON: opened while the server serves, and closed when it was read.
// The two ways to hold a moment are beside this file; it picks one by the settings.

import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import type { TableShape } from './format.ts';
import { openPostgresSnapshot } from './store-snapshot-postgres.ts';
import { openSqliteSnapshot } from './store-snapshot-sqlite.ts';

export interface Snapshot {
  /** Names of the migrations that were applied, oldest first. */
  schema: readonly string[];
  organizations: number;
  tables: readonly TableShape[];
  /** Root keys that something in this moment is wrapped under. */
  rootKids: readonly string[];
  /** Rows in the table's order, each with its line end, in lots of moderate size. */
  lines(table: TableShape): AsyncIterable<readonly string[]>;
  /** The highest number each sequence has handed out, by table. */
  sequences(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export async function openSnapshot(settings: DatabaseSettings): Promise<Snapshot> {
  return settings.kind === 'sqlite'
    ? openSqliteSnapshot(settings.file)
    : openPostgresSnapshot(settings);
}
