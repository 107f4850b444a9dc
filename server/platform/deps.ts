// What compose.ts hands to every domain and platform part. Arguments, not globals.

import type { Logger } from 'pino';
import type { Ids } from '../shared/ids.ts';
import type { World } from '../shared/world.ts';
import type { Databases } from './database/database.ts';
import type { Bell } from './outbox/bell.ts';

export interface Deps {
  databases: Databases;
  world: World;
  ids: Ids;
  log: Logger;
  /** Wakes this process's outbox engine after a commit; absent where none runs. */
  bell?: Bell;
}
