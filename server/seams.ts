// Where a rehearsal may stand between two rooms: the database, and the way out. The product passes through
// untouched; the drill profile puts fault points there, and the rehearsal's own tests put planted bugs there.

import type { Config } from '../config/load.ts';
import type { Databases } from './platform/database/database.ts';
import { faultPointFile } from './platform/drill/fault-point-file.ts';
import { watchDatabases } from './platform/drill/watch-databases.ts';
import { watchReplies, watchRequests } from './platform/drill/watch-exchanges.ts';
import type { HttpClient } from './platform/outside/http-exchange.ts';

export interface Seams {
  databases(databases: Databases): Databases;
  client(client: HttpClient): HttpClient;
}

const NO_SEAMS: Seams = { databases: (databases) => databases, client: (client) => client };

/** config/rules refuses the setting outside the drill profile. */
export function seamsOf({ drill }: Pick<Config, 'drill'>): Seams {
  if (drill.fault_points === null) return NO_SEAMS;
  const points = faultPointFile(drill.fault_points);
  watchRequests(points);
  return {
    databases: (databases) => watchDatabases(databases, points),
    client: (client) => watchReplies(client, points),
  };
}
