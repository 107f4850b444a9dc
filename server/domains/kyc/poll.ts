// Veriff lists no events and its lost webhooks come back only after an hour, so open sessions are asked
// about on a schedule as well, oldest first and bounded.

import { transaction } from '../../platform/database/database.ts';
import { listAccounts } from '../../platform/inbox/index.ts';
import { enqueue, type Schedule } from '../../platform/outbox/index.ts';
import { DAY_MS } from '../../shared/instant.ts';
import { DESTINATION, POLL_SOURCE, PROVIDER, REFETCH_MESSAGE, type Room } from './room.ts';
import type { RefetchBody } from './refetch-handler.ts';
import { listOpenRefs } from './store.ts';

const LIMITS = {
  /** Asked about in one round; the next round goes on with what is still open. */
  sessions: 200,
  /** A session that nobody finished ends at the provider after seven days. */
  ageMs: 8 * DAY_MS,
} as const;

export function pollSchedule(room: Room): Schedule {
  return {
    name: 'kyc.poll',
    everyMs: room.settings.pollEveryMs,
    run: (bucket) => pollOpenSessions(room, bucket),
  };
}

async function pollOpenSessions(room: Room, bucket: number): Promise<void> {
  const { databases, world } = room.deps;
  for (const { orgId } of await listAccounts(databases.engine, PROVIDER)) {
    const db = databases.org(orgId);
    const since = world.clock.now() - LIMITS.ageMs;
    const refs = await listOpenRefs(db, { since, limit: LIMITS.sessions });
    await transaction(db, async (tx) => {
      for (const ref of refs) {
        const body: RefetchBody = { inbox_event_id: null, object_ref: ref, type: POLL_SOURCE };
        await enqueue(tx, room.deps, {
          type: REFETCH_MESSAGE,
          destination: DESTINATION,
          aggregate: ref,
          uid: `kyc-poll:${ref}:${bucket}`,
          body,
        });
      }
    });
  }
}
