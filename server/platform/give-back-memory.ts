// Gives back what a start has left: a collection of everything, after which the young generation is small again.
// V8 would keep it at the size that the start drove it to, twice the memory of an appliance that idles.

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Databases } from './database/database.ts';

type Collect = (options: {
  type: 'major';
  execution: 'sync';
  flavor: 'regular' | 'last-resort';
}) => void;

/** About 15 ms. For work that leaves much outside of V8's sight, such as keys: it would let that pile up. */
export function collectGarbage(flavor: 'regular' | 'last-resort' = 'regular'): void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as Collect;
  setFlagsFromString('--no-expose-gc');
  collect({ type: 'major', execution: 'sync', flavor });
}

/** Stops the thread for about 80 ms: before anybody is served. */
export function giveBackMemory(databases: Pick<Databases, 'shrink'>): void {
  collectGarbage('last-resort');
  databases.shrink();
}
