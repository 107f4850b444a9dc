// Takes a moment of either database; the only place that knows there are two ways to hold one.

import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import type { Snapshot } from './snapshot.ts';
import { openPostgresSnapshot } from './store-snapshot-postgres.ts';
import { openSqliteSnapshot } from './store-snapshot-sqlite.ts';

export async function openSnapshot(settings: DatabaseSettings): Promise<Snapshot> {
  return settings.kind === 'sqlite'
    ? openSqliteSnapshot(settings.file)
    : openPostgresSnapshot(settings);
}
