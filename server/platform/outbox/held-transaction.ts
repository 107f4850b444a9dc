// A transaction of the message's organization that begins with the fence: it runs its work only when
// the message is still there and the shard still ours, and otherwise leaves no trace.

import { transaction, type Tx } from '../database/database.ts';
import type { DeliverDeps, Delivery, Verdict } from './delivery.ts';
import { holdMessage } from './store-messages.ts';

/** The delivery ends here; `after` runs once that is committed. */
export interface Over {
  kind: 'over';
  verdict: Verdict;
  after: () => void;
}

export function over(verdict: Verdict, after: () => void): Over {
  return { kind: 'over', verdict, after };
}

export async function heldTransaction<T extends { kind: string }>(
  deps: DeliverDeps,
  { message, lease }: Delivery,
  work: (tx: Tx) => Promise<T | Over>,
): Promise<T | Over> {
  const held = { ...lease, owner: deps.lease.owner };
  try {
    const result = await transaction(deps.databases.org(message.orgId), async (tx) => {
      const hold = await holdMessage(tx, message.pos, held);
      if (hold !== 'held') throw new NotHeldError(hold);
      return work(tx);
    });
    if ('after' in result) result.after();
    return result;
  } catch (thrown) {
    if (!(thrown instanceof NotHeldError)) throw thrown;
    const { type, uid } = message;
    deps.log.warn({ type, uid, why: thrown.why }, 'an outbox message is not ours any more');
    return over('gone', () => undefined);
  }
}

class NotHeldError extends Error {
  readonly why: 'gone' | 'lost';

  constructor(why: 'gone' | 'lost') {
    super(`The message is ${why}.`);
    this.name = 'NotHeldError';
    this.why = why;
  }
}
