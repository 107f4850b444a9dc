// Writes the one message of an effect, in the transaction of the change that causes it. The caller
// holds the aggregate's row, so that messages of one aggregate are numbered in their order.

import type { World } from '../../shared/world.ts';
import type { Databases, Tx } from '../database/database.ts';
import { remembered } from '../database/remembered.ts';
import type { Bell } from './bell.ts';
import type { NewMessage } from './handler.ts';
import { openLane, sendMessage } from './store-enqueue.ts';

export interface EnqueueDeps {
  databases: Databases;
  world: Pick<World, 'clock'>;
  /** The engine in this process, if there is one; others find the message by polling. */
  bell?: Bell;
}

/** References and small facts; documents belong in the tables of their domain. */
export const BODY_CHARS_MAX = 16_384;

/** A lane that was opened stays. */
const lanes = remembered<true>();

export async function enqueue(tx: Tx, deps: EnqueueDeps, message: NewMessage): Promise<void> {
  const body = JSON.stringify(message.body);
  if (body.length > BODY_CHARS_MAX) {
    throw new Error(
      `Expected the body of a ${message.type} message within ${BODY_CHARS_MAX} characters, found ${body.length}.`,
    );
  }
  const row = {
    destination: message.destination,
    aggregate: message.aggregate,
    type: message.type,
    uid: message.uid,
    body,
    traceId: message.traceId ?? null,
    createdAt: deps.world.clock.now(),
    notBefore: message.notBefore ?? null,
  };
  const open = lanes(deps.databases);
  const lane = `${tx.org}/${message.destination}`;
  if (open.has(lane)) {
    // Perhaps because it is gone: a database may be put back under a process.
    tx.afterRollback(() => open.delete(lane));
  } else {
    await openLane(tx, message.destination);
    tx.afterCommit(() => open.set(lane, true));
  }
  sendMessage(tx, row);
  if (deps.bell !== undefined) tx.afterCommit(deps.bell.ring);
}
