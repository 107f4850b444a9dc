// A steady load of events: so many per second, in portions.

import type { EventLog } from './events.ts';

export type Load = { set(perSecond: number): void };

const TICK_MS = 50;

export function createLoad(events: EventLog): Load {
  let timer: NodeJS.Timeout | null = null;
  return {
    set: (perSecond) => {
      if (timer !== null) clearInterval(timer);
      timer = null;
      if (perSecond === 0) return;
      let owed = 0;
      timer = setInterval(() => {
        owed += (perSecond * TICK_MS) / 1_000;
        const count = Math.floor(owed);
        owed -= count;
        if (count > 0) events.record('load.tick', { per_second: perSecond }, count);
      }, TICK_MS);
    },
  };
}
