// Writes the one event row of a change, in the change's own transaction: no event, no effect.

import type { Deps } from '../../platform/deps.ts';
import type { Tx } from '../../platform/database/database.ts';
import type { NewEvent } from './event.ts';
import { insertEvent } from './store.ts';

/** Returns the event's id. */
export async function tell(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  event: NewEvent,
): Promise<string> {
  const id = deps.ids.make('event');
  await insertEvent(tx, { ...event, id, createdAt: deps.world.clock.now() });
  return id;
}
