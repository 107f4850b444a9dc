// The gap rule. Numbers of a log are handed out at insert and seen at commit, so a reader that simply
// remembers the highest number it saw skips slower transactions for ever. A mark may rise to h only
// when every transaction that could own a number up to h has ended: read h, then take a ticket, and
// raise the mark once the ticket has passed.

import type { EngineDatabase } from './database.ts';
import { transaction } from './database.ts';

export interface LowWater {
  /** Everything up to this number is settled: visible, or never to be seen. */
  mark(): number;
  /** Looks once; call it now and then. Returns the mark. */
  advance(): Promise<number>;
}

/** `sequence` names the table whose `pos` column numbers the log. */
export function createLowWater(db: EngineDatabase, sequence: string, start = 0): LowWater {
  let mark = start;
  let pending: { height: number; ticket: string } | null = null;

  const advance = async (): Promise<number> => {
    const { gap } = db.dialect;
    // A copy: another caller may replace `pending` while this one waits for the database.
    let looked = pending;
    if (looked === null) {
      const height = await gap.highest(db, sequence);
      if (height <= mark) return mark;
      // The ticket must be younger than the height: its own small transaction, after the read.
      const ticket = await transaction(db, (tx) => gap.ticket(tx));
      looked = { height, ticket };
      pending = looked;
    }
    if (await gap.passed(db, looked.ticket)) {
      mark = Math.max(mark, looked.height);
      if (pending === looked) pending = null;
    }
    return mark;
  };
  return { mark: () => mark, advance };
}
