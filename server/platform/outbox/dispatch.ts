// Starts deliveries: round robin over the organizations of a destination, as far as its window allows;
// behind an open breaker only the one probe, with the oldest message that is due.

import type { Logger } from 'pino';
import type { Clock } from '../../shared/world.ts';
import type { Destination } from './destination.ts';
import type { Lane } from './lane.ts';
import type { ShardLease } from './shard-lease.ts';
import type { StoredMessage } from './stored-message.ts';

export interface Start {
  lane: Lane;
  message: StoredMessage;
  destination: Destination;
  probe: boolean;
}

export interface DispatchDeps {
  clock: Clock;
  log: Logger;
  lease: ShardLease;
  destinations: ReadonlyMap<string, Destination>;
  lanes: () => readonly Lane[];
  /** False once the engine is stopping. */
  mayStart: () => boolean;
  start: (start: Start) => void;
}

/** Returns a function that starts whatever may start now. */
export function createDispatch(deps: DispatchDeps): () => void {
  let turn = 0;
  return () => {
    if (!deps.mayStart()) return;
    for (const destination of deps.destinations.values()) {
      if (destination.wantsProbe()) {
        probe(deps, destination).catch((error: unknown) => {
          deps.log.warn({ err: error, destination: destination.id }, 'a probe was not claimed');
        });
      } else if (destination.room() > 0) turn = fill(deps, destination, turn);
    }
  };
}

/** One message of each lane in turn, until the window is full or nothing is due. */
function fill(deps: DispatchDeps, destination: Destination, turn: number): number {
  const lanes = lanesOf(deps, destination);
  const now = deps.clock.now();
  let next = turn;
  for (let idle = 0; idle < lanes.length && destination.room() > 0; next += 1) {
    const lane = lanes[next % lanes.length];
    const message = lane?.queue.next(now) ?? null;
    if (lane === undefined || message === null) idle += 1;
    else {
      idle = 0;
      deps.start({ lane, message, destination, probe: false });
    }
  }
  return next;
}

async function probe(deps: DispatchDeps, destination: Destination): Promise<void> {
  if (oldest(deps, destination) === null) return;
  if (!(await destination.claimProbe())) return;
  const found = deps.mayStart() ? oldest(deps, destination) : null;
  const message = found?.lane.queue.take(found.pos) ?? null;
  // Whatever was due is gone meanwhile: the probe is given back.
  if (found === null || message === null) destination.begin()('ignore');
  else deps.start({ lane: found.lane, message, destination, probe: true });
}

function oldest(deps: DispatchDeps, destination: Destination): { lane: Lane; pos: number } | null {
  const now = deps.clock.now();
  let found: { lane: Lane; pos: number } | null = null;
  for (const lane of lanesOf(deps, destination)) {
    const pos = lane.queue.oldestDue(now);
    if (pos !== null && (found === null || pos < found.pos)) found = { lane, pos };
  }
  return found;
}

function lanesOf({ lanes, lease }: DispatchDeps, { id }: Destination): readonly Lane[] {
  return lanes().filter((lane) => lane.destination === id && lease.mayStart(lane.lease));
}
