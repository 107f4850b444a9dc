// After the last kill: no faults, no new work, everything back up. What was begun gets a bounded time to
// end; what has not ended by then is left to the promise that nothing is stuck.

import { describeInFlight, readInFlight } from './in-flight.ts';
import type { Stage } from './killer.ts';
import { until } from './wait.ts';

const DRAINED_MS = 90_000;

export async function drain({ books, load }: Stage, log: (line: string) => void): Promise<void> {
  const isDrained = await until(
    async () => {
      const { open, messages } = await readInFlight(books);
      return open === 0 && messages === 0 && load.asked() === 0 && load.unacknowledged() === 0;
    },
    { timeoutMs: DRAINED_MS, everyMs: 200 },
  );
  log(
    `${isDrained ? 'drained' : `not drained after ${DRAINED_MS / 1_000} s`}: ` +
      `${describeInFlight(await readInFlight(books))}, asks ${load.asked()}, ` +
      `unacknowledged events ${load.unacknowledged()}`,
  );
}
