// What came back from the provider, turned into an outcome, applied, and answered to the outbox: done,
// next step at once, again later, or in doubt.

import type { Tx } from '../../platform/database/database.ts';
import type { Message, Sent, Settled } from '../../platform/outbox/handler.ts';
import type { HttpResponse } from '../../platform/outside/http-exchange.ts';
import type { Actor } from '../audit/index.ts';
import { type Applied, applyOutcome } from './apply-outcome.ts';
import { isInDoubt, type Operation, type ResolvedBy } from './operation.ts';
import type { Found, Outcome } from './outcome.ts';
import type { Payment } from './payment.ts';
import { mayReplay, type Mode, type OperationRequest } from './replay.ts';
import type { Room } from './room.ts';
import { saveOperation } from './store-operations.ts';

export interface Settling {
  payment: Payment;
  operation: Operation;
  request: OperationRequest;
  sent: Sent<HttpResponse>;
  message: Message;
}

export async function settleOperation(room: Room, tx: Tx, of: Settling): Promise<Settled> {
  const { operation, request, sent } = of;
  // An event was faster: what it proved stands, and the next step, if there is one, goes on.
  if (operation.status === 'queued') return { kind: 'continue' };
  if (!isAwaiting(operation)) return { kind: 'done' };
  if (sent.kind === 'not_sent' && request.mode === 'lookup')
    return stillInDoubt(room, tx, of, sent);
  if (sent.kind === 'not_sent' && request.mode === 'execute') {
    return settleOutcome(room, tx, of, { kind: 'not_executed', reason: sent.reason, alert: false });
  }
  const found = readAnswer(room, of);
  if (found.kind === 'miss') return missed(room, tx, of, found.reason);
  return settleOutcome(room, tx, of, found);
}

function isAwaiting({ status }: Operation): boolean {
  return status === 'sending' || status === 'pending' || isInDoubt(status);
}

/** Proven not sent: the provider's memory of the key has not begun. */
async function forgetFirstSend(tx: Tx, operation: Operation): Promise<void> {
  await saveOperation(tx, { ...operation, firstSentAt: null, lastSentAt: null });
}

function readAnswer(room: Room, { request, sent }: Settling): Found {
  const { mode, view } = request;
  if (sent.kind !== 'answered') return { kind: 'unknown', reason: sent.reason };
  if (mode === 'lookup') return room.provider.parseLookup(view, sent.answer);
  const outcome = room.provider.parse(view, sent.answer);
  if (mode === 'execute') return outcome;
  // The refusal of a repeated request says nothing about the first one.
  if (outcome.kind === 'not_executed' || outcome.kind === 'refused')
    return { kind: 'unknown', reason: `the repeated request was refused: ${outcome.reason}` };
  return outcome;
}

const BY_MODE: Readonly<Record<Mode, ResolvedBy>> = {
  execute: 'reply',
  replay: 'replay',
  lookup: 'lookup',
};
const PROVIDER: Actor = { kind: 'provider', id: 'stripe' };

function apply(
  room: Room,
  tx: Tx,
  { payment, operation, request, message }: Settling,
  outcome: Outcome | { kind: 'absent' | 'escalated'; reason: string },
): Promise<Applied> {
  return applyOutcome(room, tx, {
    payment,
    operation,
    outcome,
    resolvedBy: BY_MODE[request.mode],
    actor: PROVIDER,
    traceId: message.traceId,
  });
}

async function settleOutcome(room: Room, tx: Tx, of: Settling, outcome: Outcome): Promise<Settled> {
  const { log } = room.deps;
  const { operation } = of;
  const about = { org: tx.org, payment: operation.paymentId, operation: operation.id };
  switch (outcome.kind) {
    case 'unknown':
      return stillInDoubt(room, tx, of, outcome);
    case 'in_flight': {
      await apply(room, tx, of, outcome);
      return inDoubt(room, outcome.reason);
    }
    case 'integrity':
      log.error(
        { ...about, reason: outcome.reason },
        'a provider answered something else than was asked',
      );
      await apply(room, tx, of, outcome);
      return { kind: 'indeterminate', reason: outcome.reason };
    case 'refused':
      log.error({ ...about, reason: outcome.reason }, 'a provider refuses a request for good');
      await apply(room, tx, of, outcome);
      return { kind: 'dead', reason: outcome.reason };
    case 'not_executed': {
      const { reason, afterMs, alert } = outcome;
      if (alert) log.error({ ...about, reason }, 'a provider refuses our credential');
      const applied = await apply(room, tx, of, outcome);
      if (applied.moved) await forgetFirstSend(tx, applied.operation);
      return { kind: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) };
    }
    case 'pending':
      await apply(room, tx, of, outcome);
      return { kind: 'indeterminate', reason: outcome.reason, afterMs: PENDING_MS };
    case 'step_done':
      await apply(room, tx, of, outcome);
      return { kind: 'continue' };
    case 'succeeded':
    case 'declined':
      await apply(room, tx, of, outcome);
      return { kind: 'done' };
  }
}

/** How often a result that the provider itself does not have yet is asked for, beside its events. */
const PENDING_MS = 30_000;

/** No proof either way. After long enough a person is told; the look-ups go on. */
async function stillInDoubt(
  room: Room,
  tx: Tx,
  of: Settling,
  { reason, stored = false }: { reason: string; stored?: boolean },
): Promise<Settled> {
  const applied = await apply(room, tx, of, { kind: 'unknown', reason });
  let { operation } = applied;
  const wasReplayed = of.request.mode === 'replay' && stored;
  if (wasReplayed) operation = await saveOperation(tx, { ...operation, keySpent: true });
  await escalateWhenOld(room, tx, { ...of, operation, payment: applied.payment });
  // The first look-up comes soon, the later ones as far apart as the outbox spreads them.
  return applied.moved ? inDoubt(room, reason) : { kind: 'indeterminate', reason };
}

function inDoubt(room: Room, reason: string): Settled {
  return { kind: 'indeterminate', reason, afterMs: room.settings.unknown.lookupDelayMs };
}

async function escalateWhenOld(room: Room, tx: Tx, of: Settling): Promise<void> {
  const { operation } = of;
  const since = operation.firstSentAt ?? operation.createdAt;
  const age = room.deps.world.clock.now() - since;
  if (operation.status !== 'unknown' || age <= room.settings.unknown.escalateAfterMs) return;
  const reason = operation.reason ?? 'unknown for too long';
  await apply(room, tx, of, { kind: 'escalated', reason });
  room.deps.log.error(
    { org: tx.org, payment: operation.paymentId, operation: operation.id, reason },
    'an operation is unknown for too long: a person must look',
  );
}

/**
 * A look-up found nothing, or found it not executed. Inside the key's window the same bytes are sent
 * again; outside it, misses that are many and old enough together prove absence.
 */
async function missed(room: Room, tx: Tx, of: Settling, reason: string): Promise<Settled> {
  const now = room.deps.world.clock.now();
  const { unknown } = room.settings;
  const operation = await saveOperation(tx, {
    ...of.operation,
    lookedUpAt: now,
    lookupMisses: of.operation.lookupMisses + 1,
    firstMissAt: of.operation.firstMissAt ?? now,
    reason,
  });
  const settling = { ...of, operation };
  if (operation.status === 'pending') return { kind: 'indeterminate', reason, afterMs: PENDING_MS };
  if (mayReplay(room, operation, now)) return { kind: 'continue' };
  const isAbsent =
    operation.lookupMisses >= unknown.lookupMisses &&
    now - (operation.firstMissAt ?? now) >= unknown.absentAfterMs;
  if (isAbsent) {
    await apply(room, tx, settling, { kind: 'absent', reason });
    return { kind: 'continue' };
  }
  await escalateWhenOld(room, tx, settling);
  return { kind: 'indeterminate', reason };
}
