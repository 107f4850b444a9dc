// Loads into either database; the only place that knows there are two ways to do it.

import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import type { LoadTarget } from './load-target.ts';
import { createPostgresTarget } from './store-load-postgres.ts';
import { createSqliteTarget } from './store-load-sqlite.ts';

export function createLoadTarget(settings: DatabaseSettings): LoadTarget {
  return settings.kind === 'sqlite' ? createSqliteTarget(settings) : createPostgresTarget(settings);
}
