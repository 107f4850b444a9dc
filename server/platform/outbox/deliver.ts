// One try of one message: prepare in a transaction, send with none open, settle in a transaction that
// also moves the message. Both transactions hold the message by its fence first: a worker that has
// lost the shard changes nothing. Never throws; what cannot be written down is tried again.

import { toError } from '../../shared/errors.ts';
import type { Instant } from '../../shared/world.ts';
import type { Tx } from '../database/database.ts';
import { boundedSend } from './bounded-send.ts';
import {
  type DeliverDeps,
  type Delivery,
  escalate,
  noteAttempt,
  noteDeath,
  type Verdict,
} from './delivery.ts';
import type { Message, OutboxHandler, Prepared, Sent, Settled } from './handler.ts';
import { heldTransaction, type Over, over } from './held-transaction.ts';
import { nextTry } from './next-try.ts';
import { buryMessage, deleteMessage, insertAttempt, upsertRetry } from './store-messages.ts';
import { remember, type Retry, toMessage } from './stored-message.ts';
import { stumble, waitForHandler } from './stumble.ts';

export async function deliver(deps: DeliverDeps, delivery: Delivery): Promise<Verdict> {
  const { message, destination } = delivery;
  const handler = deps.handlers[message.type] as OutboxHandler | undefined;
  const end = destination.begin();
  try {
    if (handler === undefined) return await waitForHandler(deps, delivery);
    const parsed = toMessage(message);
    const prepared = await prepare(deps, delivery, { handler, parsed });
    if (prepared.kind === 'over') return prepared.verdict;
    if (!deps.lease.mayStart(delivery.lease) || deps.stopped.aborted) {
      message.dueAt = null;
      return 'again';
    }
    const { request } = prepared;
    const startedMs = deps.world.monotonic();
    const sent = await boundedSend(deps, destination.settings.sendTimeoutMs, (signal) =>
      handler.send(request, signal, parsed),
    );
    const durationMs = Math.round(deps.world.monotonic() - startedMs);
    const health = deps.stopped.aborted ? 'ignore' : (handler.healthOf ?? healthOf)(sent);
    end(health, sent.kind === 'answered' ? `answered ${sent.status ?? ''}` : sent.reason);
    return await settle(deps, delivery, { handler, parsed, request, sent, durationMs });
  } catch (thrown) {
    return await stumble(deps, delivery, { error: toError(thrown), perhapsSent: false });
  } finally {
    end('ignore');
  }
}

function healthOf(sent: Sent<unknown>): 'ok' | 'failed' {
  return sent.kind === 'answered' ? 'ok' : 'failed';
}

interface Try {
  handler: OutboxHandler;
  parsed: Message;
}

function prepare(
  deps: DeliverDeps,
  delivery: Delivery,
  { handler, parsed }: Try,
): Promise<Extract<Prepared<unknown>, { kind: 'send' }> | Over> {
  return heldTransaction(deps, delivery, async (tx) => {
    const prepared = await handler.prepare(tx, parsed);
    return prepared.kind === 'send' ? prepared : endEarly(tx, deps, { delivery, prepared });
  });
}

/** There is nothing to send now: the message leaves, is buried, or waits. */
async function endEarly(
  tx: Tx,
  deps: DeliverDeps,
  of: { delivery: Delivery; prepared: Exclude<Prepared<unknown>, { kind: 'send' }> },
): Promise<Over> {
  const { delivery, prepared } = of;
  const { message } = delivery;
  const { attempts, failures, doubts } = message;
  const { reason } = prepared;
  const at = deps.world.clock.now();
  const note = (): void => noteAttempt(deps, delivery, { outcome: prepared.kind, durationMs: 0 });
  switch (prepared.kind) {
    case 'nothing': {
      await deleteMessage(tx, message);
      const row = { attempt: attempts + 1, outcome: 'nothing', status: null, detail: reason };
      await insertAttempt(tx, message, { ...row, durationMs: 0, at });
      return over('gone', note);
    }
    case 'dead':
      await buryMessage(tx, message, { attempts, reason, at });
      return over('gone', () => {
        note();
        noteDeath(deps, delivery, reason);
      });
    case 'blocked': {
      const nextAt = at + prepared.afterMs;
      const retry: Retry = { state: 'blocked', attempts, failures, doubts, nextAt, reason };
      await upsertRetry(tx, message, retry);
      return over('again', () => {
        remember(message, retry, false);
        note();
      });
    }
  }
}

async function settle(
  deps: DeliverDeps,
  delivery: Delivery,
  tried: Try & { request: unknown; sent: Sent<unknown>; durationMs: number },
): Promise<Verdict> {
  const { handler, parsed, request, sent, durationMs } = tried;
  const { message } = delivery;
  const attempt = message.attempts + 1;
  try {
    const result = await heldTransaction(deps, delivery, async (tx) => {
      const settled = await handler.settle(tx, parsed, { request, sent });
      const at = deps.world.clock.now();
      const { verdict, outcome, after } = await move(tx, deps, { delivery, settled, sent, at });
      const status = (sent.kind === 'answered' ? sent.status : undefined) ?? null;
      const detail = 'reason' in settled ? settled.reason : null;
      await insertAttempt(tx, message, { attempt, outcome, status, durationMs, detail, at });
      return over(verdict, () => {
        after();
        noteAttempt(deps, delivery, { outcome, durationMs });
      });
    });
    return result.verdict;
  } catch (thrown) {
    const perhapsSent = sent.kind !== 'not_sent';
    return await stumble(deps, delivery, { error: toError(thrown), perhapsSent });
  }
}

/** Moves the message as the handler says, in the transaction of its settlement. */
async function move(
  tx: Tx,
  deps: DeliverDeps,
  of: { delivery: Delivery; settled: Settled; sent: Sent<unknown>; at: Instant },
): Promise<{ verdict: Verdict; outcome: string; after: () => void }> {
  const { delivery, settled, sent, at } = of;
  const { message, probe } = delivery;
  const bury = async (reason: string): ReturnType<typeof move> => {
    await buryMessage(tx, message, { attempts: message.attempts + 1, reason, at });
    return { verdict: 'gone', outcome: 'dead', after: () => noteDeath(deps, delivery, reason) };
  };
  if (settled.kind === 'done') {
    await deleteMessage(tx, message);
    return { verdict: 'gone', outcome: 'done', after: () => undefined };
  }
  if (settled.kind === 'dead') return bury(settled.reason);
  const retry = nextTry(message, settled, {
    at,
    fraction: deps.world.random.fraction(),
    limits: deps.settings,
    unsentProbe: probe && sent.kind === 'not_sent',
  });
  if (settled.kind === 'retry' && retry.failures >= deps.settings.attemptsMax) {
    return bury(`${retry.failures} attempts were used up; the last: ${settled.reason}`);
  }
  await upsertRetry(tx, message, retry);
  const floor = 'afterMs' in settled && (settled.afterMs ?? 0) > 0;
  return {
    verdict: 'again',
    outcome: settled.kind,
    after: () => {
      remember(message, retry, floor);
      if (settled.kind === 'indeterminate') escalate(deps, delivery, settled.reason);
    },
  };
}
