// Writes the one event row of a change, in the change's own transaction: no event, no effect.

import type { Deps } from '../../platform/deps.ts';
import type { Tx } from '../../platform/database/database.ts';
import type { NewEvent } from './event.ts';
import { insertEvent, insertEvents } from './store.ts';

/** Returns the event's id. */
export async function tell(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  event: NewEvent,
): Promise<string> {
  const id = deps.ids.make('event');
  insertEvent(tx, { ...event, id, createdAt: deps.world.clock.now() });
  return id;
}

/** The events of many changes of one transaction, in one statement. */
export async function tellMany(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  events: readonly NewEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const createdAt = deps.world.clock.now();
  insertEvents(
    tx,
    events.map((event) => ({ ...event, id: deps.ids.make('event'), createdAt })),
  );
}
