// One event, by whichever way it came: stored once, with the one message that fetches its object.

import type { Tx } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import { enqueue } from '../outbox/enqueue.ts';
import type { InboxEvent, InboxMessageBody, InboxSource } from './source.ts';
import { insertInboxRow, type NewInboxRow } from './store.ts';

export interface EventToStore {
  source: InboxSource;
  event: InboxEvent;
  row: Omit<NewInboxRow, 'dedupeKey' | 'type' | 'objectRef'>;
}

/** False when it was known. */
export async function storeEvent(deps: Deps, tx: Tx, of: EventToStore): Promise<boolean> {
  const { event } = of;
  const inserted = await insertInboxRow(tx, {
    ...of.row,
    dedupeKey: event.dedupeKey,
    type: event.type,
    objectRef: event.objectRef,
  });
  if (inserted) await enqueueLookup(deps, tx, of);
  return inserted;
}

/** The event is a hint: what it names is fetched before anything changes. */
export async function enqueueLookup(deps: Deps, tx: Tx, of: EventToStore): Promise<void> {
  const { source, event, row } = of;
  const body: InboxMessageBody = {
    inbox_event_id: row.id,
    provider_account_id: row.accountId,
    type: event.type,
    object_ref: event.objectRef,
  };
  await enqueue(tx, deps, {
    type: source.messageType,
    destination: source.destination,
    aggregate: event.objectRef ?? row.id,
    uid: row.id,
    body,
  });
}
