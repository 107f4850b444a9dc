// When the fault is ours: a handler threw, the database failed, or there is no handler. The message
// stays, with the reason written down where that is possible.

import { toError } from '../../shared/errors.ts';
import {
  type DeliverDeps,
  type Delivery,
  escalate,
  noteAttempt,
  type Verdict,
} from './delivery.ts';
import { heldTransaction, over } from './held-transaction.ts';
import { afterOwnFailure } from './next-try.ts';
import { insertAttempt, upsertRetry } from './store-messages.ts';
import { remember, type Retry } from './stored-message.ts';

export async function stumble(
  deps: DeliverDeps,
  delivery: Delivery,
  { error, perhapsSent }: { error: Error; perhapsSent: boolean },
): Promise<Verdict> {
  const { message } = delivery;
  const { type, uid } = message;
  deps.log.error({ err: error, type, uid }, 'an outbox handler failed');
  const at = deps.world.clock.now();
  const fraction = deps.world.random.fraction();
  const reason = `failed here: ${error.message}`;
  const retry = afterOwnFailure(message, {
    at,
    fraction,
    limits: deps.settings,
    perhapsSent,
    reason,
  });
  try {
    const result = await heldTransaction(deps, delivery, async (tx) => {
      await upsertRetry(tx, message, retry);
      const outcome = 'failed';
      const attempt = retry.attempts;
      const row = { attempt, outcome, status: null, durationMs: 0, detail: reason, at };
      await insertAttempt(tx, message, row);
      return over('again', () => {
        remember(message, retry, false);
        noteAttempt(deps, delivery, { outcome, durationMs: 0 });
        escalate(deps, delivery, reason);
      });
    });
    return result.verdict;
  } catch (thrown) {
    deps.log.warn({ err: toError(thrown), type, uid }, 'an outbox retry was not written');
    message.dueAt = retry.nextAt; // in memory only: after a crash it is tried at once
    return 'again';
  }
}

const NO_HANDLER_WAIT_MS = 60_000;

/** Perhaps a newer version wrote it: the message waits for one that knows what to do. */
export async function waitForHandler(deps: DeliverDeps, delivery: Delivery): Promise<Verdict> {
  const { attempts, failures, doubts, type } = delivery.message;
  const reason = `there is no handler for the type ${type} here`;
  deps.log.error({ type }, reason);
  const nextAt = deps.world.clock.now() + NO_HANDLER_WAIT_MS;
  const retry: Retry = { state: 'blocked', attempts, failures, doubts, nextAt, reason };
  const result = await heldTransaction(deps, delivery, async (tx) => {
    await upsertRetry(tx, delivery.message, retry);
    return over('again', () => remember(delivery.message, retry, false));
  });
  return result.verdict;
}
