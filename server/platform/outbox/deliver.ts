// One try of one message: prepare in a transaction, send with none open, settle in a transaction that
// also moves the message. Both transactions hold the message by its fence first: a worker that has
// lost the shard changes nothing. Never throws; what cannot be written down is tried again.

import type { Logger } from 'pino';
import { toError } from '../../shared/errors.ts';
import type { Instant, World } from '../../shared/world.ts';
import { type Databases, transaction, type Tx } from '../database/database.ts';
import { backoffFromFloorMs, backoffMs } from './backoff.ts';
import type { Destination } from './destination.ts';
import type { HandlerTable, Message, OutboxHandler, Sent, Settled } from './handler.ts';
import type { OutboxMetrics } from './metrics.ts';
import type { OutboxSettings } from './settings.ts';
import type { ShardLease } from './shard-lease.ts';
import {
  buryMessage,
  deleteMessage,
  holdMessage,
  insertAttempt,
  type Retry,
  upsertRetry,
} from './store-messages.ts';
import type { HeldShard } from './store-shards.ts';
import { type RetryState, type StoredMessage, toMessage } from './stored-message.ts';

export interface DeliverDeps {
  databases: Databases;
  world: World;
  log: Logger;
  metrics: OutboxMetrics;
  lease: ShardLease;
  handlers: HandlerTable;
  settings: OutboxSettings;
  /** Aborted when a stop has waited long enough. */
  stopped: AbortSignal;
}

export interface Delivery {
  message: StoredMessage;
  lease: HeldShard;
  destination: Destination;
  /** The one probe of a half-open breaker: a failure is the destination's, not the message's. */
  probe: boolean;
}

/** `gone`: it left the outbox, or is another worker's now. Otherwise the message was changed in place
 * (`dueAt`, counters) and stays at the head of its aggregate. */
export type Verdict = 'gone' | 'again';

type AnyHandler = OutboxHandler<unknown, unknown>;

export async function deliver(deps: DeliverDeps, delivery: Delivery): Promise<Verdict> {
  const { message, destination } = delivery;
  const handler = deps.handlers[message.type] as AnyHandler | undefined;
  const end = destination.begin();
  try {
    if (handler === undefined) return await withoutHandler(deps, delivery);
    const parsed = toMessage(message);
    const prepared = await prepare(deps, delivery, { handler, parsed });
    if (prepared.kind !== 'send') return prepared.verdict;
    if (!deps.lease.mayStart(delivery.lease) || deps.stopped.aborted) {
      message.dueAt = null;
      return 'again';
    }
    const startedMs = deps.world.monotonic();
    const sent = await send(deps, delivery, { handler, parsed, request: prepared.request });
    const durationMs = Math.round(deps.world.monotonic() - startedMs);
    const health = deps.stopped.aborted ? 'ignore' : (handler.healthOf ?? healthOf)(sent);
    end(health, sent.kind === 'answered' ? `answered ${sent.status ?? ''}` : sent.reason);
    return await settle(deps, delivery, {
      handler,
      parsed,
      request: prepared.request,
      sent,
      durationMs,
    });
  } catch (thrown) {
    return await stumble(deps, delivery, { error: toError(thrown), sent: null });
  } finally {
    end('ignore');
  }
}

interface Try {
  handler: AnyHandler;
  parsed: Message;
}

async function prepare(
  deps: DeliverDeps,
  delivery: Delivery,
  { handler, parsed }: Try,
): Promise<{ kind: 'send'; request: unknown } | { kind: 'over'; verdict: Verdict }> {
  const { message } = delivery;
  const attempt = message.attempts + 1;
  return inOrganization(deps, delivery, async (tx) => {
    const prepared = await handler.prepare(tx, parsed);
    const at = deps.world.clock.now();
    switch (prepared.kind) {
      case 'send':
        return { kind: 'send', request: prepared.request };
      case 'nothing':
        await deleteMessage(tx, message);
        await insertAttempt(tx, message, {
          attempt,
          outcome: 'nothing',
          status: null,
          durationMs: 0,
          at,
          detail: prepared.reason,
        });
        return over('gone', () => note(deps, delivery, 'nothing', 0));
      case 'dead':
        await buryMessage(tx, message, { attempts: message.attempts, reason: prepared.reason, at });
        return over('gone', () => buried(deps, delivery, prepared.reason));
      case 'blocked': {
        const nextAt = at + prepared.afterMs;
        const { attempts, failures, doubts } = message;
        await upsertRetry(tx, message, {
          state: 'blocked',
          attempts,
          failures,
          doubts,
          nextAt,
          reason: prepared.reason,
        });
        return over('again', () => {
          Object.assign(message, { state: 'blocked', dueAt: nextAt, floor: false });
          note(deps, delivery, 'blocked', 0);
        });
      }
    }
  });
}

async function send(
  deps: DeliverDeps,
  delivery: Delivery,
  { handler, parsed, request }: Try & { request: unknown },
): Promise<Sent<unknown>> {
  const abort = new AbortController();
  const { sendTimeoutMs } = delivery.destination.settings;
  const stop = (): void => abort.abort(new Error('The server is stopping.'));
  const timer = deps.world.timers.after(sendTimeoutMs, () =>
    abort.abort(new Error(`The send took longer than ${sendTimeoutMs} ms.`)),
  );
  deps.stopped.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([
      handler.send(request, abort.signal, parsed),
      outlived(deps, abort.signal),
    ]);
  } catch (thrown) {
    return { kind: 'unknown', reason: `send failed: ${toError(thrown).message}` };
  } finally {
    timer.cancel();
    deps.stopped.removeEventListener('abort', stop);
    abort.abort(); // lets `outlived` go
  }
}

/** A handler that does not heed its signal may not hold its place in the window for ever. */
function outlived(deps: DeliverDeps, signal: AbortSignal): Promise<Sent<unknown>> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      const reason = `no outcome after it was aborted: ${toError(signal.reason).message}`;
      deps.world.timers.after(ABORT_GRACE_MS, () => resolve({ kind: 'unknown', reason }));
    });
  });
}

const ABORT_GRACE_MS = 500;

async function settle(
  deps: DeliverDeps,
  delivery: Delivery,
  tried: Try & { request: unknown; sent: Sent<unknown>; durationMs: number },
): Promise<Verdict> {
  const { handler, parsed, request, sent, durationMs } = tried;
  const { message } = delivery;
  const attempt = message.attempts + 1;
  try {
    const result = await inOrganization(deps, delivery, async (tx) => {
      const settled = await handler.settle(tx, parsed, { request, sent });
      const at = deps.world.clock.now();
      const written = await write(tx, deps, { delivery, settled, sent, at });
      await insertAttempt(tx, message, {
        attempt,
        durationMs,
        at,
        outcome: written.outcome,
        status: (sent.kind === 'answered' ? sent.status : undefined) ?? null,
        detail: 'reason' in settled ? settled.reason : null,
      });
      return over(written.verdict, () => {
        note(deps, delivery, written.outcome, durationMs);
        written.after();
      });
    });
    return result.kind === 'over' ? result.verdict : 'again';
  } catch (thrown) {
    return await stumble(deps, delivery, { error: toError(thrown), sent });
  }
}

interface Written {
  verdict: Verdict;
  outcome: string;
  after: () => void;
}

async function write(
  tx: Tx,
  deps: DeliverDeps,
  of: { delivery: Delivery; settled: Settled; sent: Sent<unknown>; at: Instant },
): Promise<Written> {
  const { delivery, settled, at } = of;
  const { message } = delivery;
  const attempts = message.attempts + 1;
  const bury = async (reason: string): Promise<Written> => {
    await buryMessage(tx, message, { attempts, reason, at });
    return { verdict: 'gone', outcome: 'dead', after: () => buried(deps, delivery, reason) };
  };
  if (settled.kind === 'done') {
    await deleteMessage(tx, message);
    return { verdict: 'gone', outcome: 'done', after: () => undefined };
  }
  if (settled.kind === 'dead') return bury(settled.reason);
  const retry = nextTry(deps, of);
  if (settled.kind === 'retry' && retry.failures >= deps.settings.attemptsMax) {
    return bury(`${retry.failures} attempts were used up; the last: ${settled.reason}`);
  }
  await upsertRetry(tx, message, retry);
  const floor = 'afterMs' in settled && (settled.afterMs ?? 0) > 0;
  return {
    verdict: 'again',
    outcome: settled.kind,
    after: () => {
      const { state, failures, doubts, nextAt } = retry;
      Object.assign(message, { state, attempts, failures, doubts, dueAt: nextAt, floor });
      if (settled.kind === 'indeterminate') escalate(deps, delivery, settled.reason);
    },
  };
}

function nextTry(
  deps: DeliverDeps,
  {
    delivery,
    settled,
    sent,
    at,
  }: { delivery: Delivery; settled: Settled; sent: Sent<unknown>; at: Instant },
): Retry {
  const { message, probe } = delivery;
  const attempts = message.attempts + 1;
  if (settled.kind === 'continue') {
    return { state: 'retry', attempts, failures: 0, doubts: 0, nextAt: at, reason: 'continues' };
  }
  const doubtful = settled.kind === 'indeterminate';
  // A probe that was not sent says nothing about the message: the breaker alone makes it wait.
  const free = probe && sent.kind === 'not_sent';
  const failures = message.failures + (doubtful || free ? 0 : 1);
  const doubts = doubtful ? message.doubts + 1 : 0;
  const fraction = deps.world.random.fraction();
  const floorMs = 'afterMs' in settled ? settled.afterMs : undefined;
  const delayMs =
    floorMs !== undefined
      ? backoffFromFloorMs(deps.settings, floorMs, fraction)
      : free
        ? 0
        : backoffMs(deps.settings, doubtful ? doubts : failures, fraction);
  return {
    state: doubtful ? 'indeterminate' : 'retry',
    attempts,
    failures,
    doubts,
    nextAt: at + delayMs,
    reason: 'reason' in settled ? settled.reason : '',
  };
}

/** Our own failure (a defect, or the database). What was perhaps sent stays in doubt. */
async function stumble(
  deps: DeliverDeps,
  delivery: Delivery,
  { error, sent }: { error: Error; sent: Sent<unknown> | null },
): Promise<Verdict> {
  const { message } = delivery;
  deps.log.error({ err: error, type: message.type, uid: message.uid }, 'an outbox handler failed');
  const doubtful = message.state === 'indeterminate' || (sent !== null && sent.kind !== 'not_sent');
  const state: RetryState = doubtful ? 'indeterminate' : 'retry';
  const failures = message.failures + (doubtful ? 0 : 1);
  const doubts = message.doubts + (doubtful ? 1 : 0);
  const at = deps.world.clock.now();
  const tries = Math.max(failures, doubts);
  const dueAt = at + backoffMs(deps.settings, tries + 1, deps.world.random.fraction());
  const attempts = message.attempts + 1;
  const reason = `failed here: ${error.message}`;
  const over_ = !doubtful && failures >= deps.settings.attemptsMax;
  try {
    const result = await inOrganization(deps, delivery, async (tx) => {
      if (over_) await buryMessage(tx, message, { attempts, reason, at });
      else
        await upsertRetry(tx, message, {
          state,
          attempts,
          failures,
          doubts,
          nextAt: dueAt,
          reason,
        });
      await insertAttempt(tx, message, {
        ...{
          attempt: attempts,
          outcome: 'failed',
          status: null,
          durationMs: 0,
          detail: reason,
          at,
        },
      });
      return over(over_ ? 'gone' : 'again', () => {
        Object.assign(message, { state, attempts, failures, doubts, dueAt, floor: false });
        note(deps, delivery, 'failed', 0);
        if (over_) buried(deps, delivery, reason);
        else if (doubtful) escalate(deps, delivery, reason);
      });
    });
    return result.kind === 'over' ? result.verdict : 'again';
  } catch (again) {
    deps.log.warn({ err: toError(again), uid: message.uid }, 'an outbox retry was not written');
    Object.assign(message, { dueAt, floor: false });
    return 'again';
  }
}

/** Perhaps a newer version wrote it: the message waits for one that knows what to do. */
async function withoutHandler(deps: DeliverDeps, delivery: Delivery): Promise<Verdict> {
  const reason = `no handler for the type ${delivery.message.type}`;
  deps.log.error({ type: delivery.message.type }, 'an outbox message has no handler here');
  const { attempts, failures, doubts } = delivery.message;
  const nextAt = deps.world.clock.now() + NO_HANDLER_WAIT_MS;
  const retry: Retry = { state: 'blocked', attempts, failures, doubts, nextAt, reason };
  const result = await inOrganization(deps, delivery, async (tx) => {
    await upsertRetry(tx, delivery.message, retry);
    return over('again', () => {
      Object.assign(delivery.message, { state: 'blocked', dueAt: nextAt, floor: false });
    });
  });
  return result.verdict;
}

const NO_HANDLER_WAIT_MS = 60_000;

type Over = { kind: 'over'; verdict: Verdict; after: () => void };

function over(verdict: Verdict, after: () => void): Over {
  return { kind: 'over', verdict, after };
}

/** Runs the work when the message is there and ours; `after` of its answer once that is committed. */
async function inOrganization<T extends { kind: 'send'; request: unknown } | Over>(
  deps: DeliverDeps,
  { message, lease }: Delivery,
  work: (tx: Tx) => Promise<T>,
): Promise<T | Over> {
  const held = { ...lease, owner: deps.lease.owner };
  try {
    const result = await transaction(deps.databases.org(message.orgId), async (tx) => {
      const hold = await holdMessage(tx, message.pos, held);
      if (hold !== 'held') throw new NotHeldError(hold);
      return work(tx);
    });
    if (result.kind === 'over') result.after();
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

function note(deps: DeliverDeps, delivery: Delivery, outcome: string, durationMs: number): void {
  const { message, destination } = delivery;
  deps.metrics.attempted({
    type: message.type,
    destination: destination.id,
    outcome,
    durationMs,
  });
  deps.log.info(
    {
      type: message.type,
      uid: message.uid,
      org: message.orgId,
      trace_id: message.traceId,
      attempt: message.attempts,
      outcome,
      duration_ms: durationMs,
    },
    'outbox attempt',
  );
}

function buried(deps: DeliverDeps, { message }: Delivery, reason: string): void {
  deps.metrics.died(message.type);
  const { type, uid, pos } = message;
  deps.log.error({ type, uid, pos, reason }, 'an outbox message is dead; look at it and replay it');
}

/** At the limit and at each doubling of it, so that the log stays readable. */
function escalate(deps: DeliverDeps, { message }: Delivery, reason: string): void {
  const times = message.doubts / deps.settings.doubtsToEscalate;
  if (times < 1 || !Number.isInteger(Math.log2(times))) return;
  deps.metrics.escalated(message.type);
  const { type, uid, doubts } = message;
  deps.log.error({ type, uid, doubts, reason }, 'an outcome stays unknown; a person should look');
}

function healthOf(sent: Sent<unknown>): 'ok' | 'failed' {
  return sent.kind === 'answered' ? 'ok' : 'failed';
}
