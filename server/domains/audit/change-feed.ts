// Reads the event log under the gap rule: a reader never passes a number whose transaction may still
// commit, so nobody who remembers a position misses a slower transaction.

import type { EngineDatabase } from '../../platform/database/database.ts';
import { createLowWater } from '../../platform/database/low-water.ts';
import { type Change, selectChanges } from './store.ts';

export interface ChangeFeed {
  /** Everything up to this position is settled. Looks at the database. */
  settled(): Promise<number>;
  /** Changes after a position, oldest first, of all organizations; only settled ones. */
  readChanges(wanted: {
    types: readonly string[];
    afterPos: number;
    limit: number;
  }): Promise<{ changes: Change[]; settledPos: number }>;
}

export function createChangeFeed(engine: EngineDatabase): ChangeFeed {
  const lowWater = createLowWater(engine, 'event');
  const settled = async (): Promise<number> => {
    // The first look may only finish what an earlier one began; the second takes in what came since.
    await lowWater.advance();
    return lowWater.advance();
  };
  return {
    settled,
    readChanges: async (wanted) => {
      const settledPos = await settled();
      return {
        changes: await selectChanges(engine, { ...wanted, upToPos: settledPos }),
        settledPos,
      };
    },
  };
}
