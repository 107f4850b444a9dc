// The outbox handler that drives an operation: prepare fixes the exact bytes and the time of the first
// send on the operation's row, send talks to the provider with no transaction open, settle hands what
// came back to the transition function. In doubt, the next try of the same message is a look-up; only
// when it finds nothing, and only inside the provider's memory of the key, are the same bytes repeated.

import type { Tx } from '../../platform/database/database.ts';
import {
  handler,
  type Message,
  type OutboxHandler,
  type Prepared,
  type Sent,
} from '../../platform/outbox/handler.ts';
import { sentOf } from '../../platform/outbox/sent.ts';
import type { HttpRequest, HttpResponse } from '../../platform/outside/http-exchange.ts';
import { assert } from '../../shared/assert.ts';
import type { Actor } from '../audit/index.ts';
import { tell } from '../audit/index.ts';
import { applyOutcome } from './apply-outcome.ts';
import { isInDoubt, isOver, type Operation } from './operation.ts';
import { viewOf } from './operation-view.ts';
import type { OperationView } from './outcome.ts';
import type { Payment } from './payment.ts';
import type { Room } from './room.ts';
import { mayReplay, type OperationRequest } from './replay.ts';
import { settleOperation } from './settle-operation.ts';
import { findOperation, listOperations, saveOperation } from './store-operations.ts';
import { lockPayment } from './store-payments.ts';

interface Body {
  payment_id: string;
  operation_id: string;
}

/** How often a message that waits for an earlier operation is looked at again. */
const BLOCKED_MS = 2_000;

export function operationHandler(room: Room): OutboxHandler<never, never> {
  return handler<OperationRequest, HttpResponse>({
    prepare: (tx, message) => prepareOperation(room, tx, message),
    send: async ({ http }, signal) =>
      sentOf(await room.client.exchange(room.provider.sign(http), signal)),
    settle: async (tx, message, { request, sent }) => {
      const { payment_id: paymentId, operation_id: operationId } = message.body as Body;
      const payment = await lockPayment(tx, paymentId);
      const operation = await findOperation(tx, operationId);
      assert(payment !== null && operation !== null, `operation ${operationId} has vanished`);
      return settleOperation(room, tx, { payment, operation, request, sent, message });
    },
    healthOf: stripeHealth,
  });
}

/** A 4xx is an answer of a provider that is well; a 5xx is not. */
export function stripeHealth(sent: Sent<HttpResponse>): 'ok' | 'failed' | 'ignore' {
  if (sent.kind !== 'answered') return 'failed';
  if (sent.answer.status === 429) return 'ignore';
  return sent.answer.status >= 500 ? 'failed' : 'ok';
}

async function prepareOperation(
  room: Room,
  tx: Tx,
  message: Message,
): Promise<Prepared<OperationRequest>> {
  const body = message.body as Body;
  const payment = await lockPayment(tx, body.payment_id);
  const operation = await findOperation(tx, body.operation_id);
  if (payment === null || operation === null) return { kind: 'nothing', reason: 'it is gone' };
  if (isOver(operation.status)) return { kind: 'nothing', reason: `it is ${operation.status}` };
  const view = await viewOf(tx, payment, operation);
  switch (operation.status) {
    case 'queued':
    case 'not_sent':
      // Only a restore leaves it so: it may have been sent after the backup, under a key long forgotten.
      if (operation.keySpent) {
        return prepareAfterRestore(room, tx, { payment, operation, view, message });
      }
      return prepareFirstSend(room, tx, { payment, operation, view, message });
    case 'sending':
      // A crash, or a stop, after the row was written: the bytes may have left.
      return prepareAfterCrash(room, tx, { payment, operation, view, message });
    default:
      return prepareAgain(room, tx, { operation, view });
  }
}

interface Prepares {
  payment: Payment;
  operation: Operation;
  view: OperationView;
  message: Message;
}

async function prepareFirstSend(
  room: Room,
  tx: Tx,
  of: Prepares,
): Promise<Prepared<OperationRequest>> {
  const { payment, operation, view } = of;
  const waits = await whatItWaitsFor(tx, operation);
  if (waits !== null) return { kind: 'blocked', reason: waits, afterMs: BLOCKED_MS };
  if (isTooOldToForward(room, payment, operation)) return refuseToForward(room, tx, of);
  const now = room.deps.world.clock.now();
  // Stored once: another version of this program sends the bytes of the one that began.
  const http = storedRequest(operation) ?? room.provider.build(view);
  await saveOperation(tx, {
    ...operation,
    status: 'sending',
    request: JSON.stringify(http),
    firstSentAt: operation.firstSentAt ?? now,
    lastSentAt: now,
    lookedUpAt: null,
    reason: null,
  });
  return { kind: 'send', request: { mode: 'execute', http, view } };
}

const CRASHED = 'the process ended while the request may have been on its way';

/** Looked up first; only proof of absence, and then a new key, sends it. */
async function prepareAfterRestore(
  room: Room,
  tx: Tx,
  of: Prepares,
): Promise<Prepared<OperationRequest>> {
  const waits = await whatItWaitsFor(tx, of.operation);
  if (waits !== null) return { kind: 'blocked', reason: waits, afterMs: BLOCKED_MS };
  const operation: Operation = { ...of.operation, status: 'sending' };
  const reason = 'restored from a backup: it may have been sent since';
  return prepareAfterCrash(room, tx, { ...of, operation, reason });
}

async function prepareAfterCrash(
  room: Room,
  tx: Tx,
  { payment, operation, view, message, reason = CRASHED }: Prepares & { reason?: string },
): Promise<Prepared<OperationRequest>> {
  await applyOutcome(room, tx, {
    payment,
    operation,
    outcome: { kind: 'unknown', reason },
    resolvedBy: 'lookup',
    actor: SYSTEM,
    traceId: message.traceId,
  });
  return { kind: 'send', request: { mode: 'lookup', http: room.provider.lookup(view), view } };
}

async function prepareAgain(
  room: Room,
  tx: Tx,
  { operation, view }: Pick<Prepares, 'operation' | 'view'>,
): Promise<Prepared<OperationRequest>> {
  const now = room.deps.world.clock.now();
  const http = storedRequest(operation);
  if (http !== null && operation.lookedUpAt !== null && mayReplay(room, operation, now)) {
    await saveOperation(tx, {
      ...operation,
      status: 'sending',
      lastSentAt: now,
      lookedUpAt: null,
      lookupMisses: 0,
      firstMissAt: null,
    });
    return { kind: 'send', request: { mode: 'replay', http, view } };
  }
  return { kind: 'send', request: { mode: 'lookup', http: room.provider.lookup(view), view } };
}

function storedRequest(operation: Operation): HttpRequest | null {
  return operation.request === null ? null : (JSON.parse(operation.request) as HttpRequest);
}

/** No operation begins while an earlier one of its payment is open or in doubt. */
async function whatItWaitsFor(tx: Tx, operation: Operation): Promise<string | null> {
  for (const other of await listOperations(tx, operation.paymentId)) {
    if (other.id === operation.id) continue;
    const blocks =
      isInDoubt(other.status) || other.status === 'pending' || other.status === 'sending';
    if (blocks) return `${other.kind} ${other.id} is ${other.status}`;
    const needsAuthorisation = operation.kind !== 'authorise' && other.kind === 'authorise';
    if (needsAuthorisation && !isOver(other.status)) return `${other.id} is ${other.status}`;
  }
  return null;
}

function isTooOldToForward(room: Room, payment: Payment, operation: Operation): boolean {
  if (payment.accepted !== 'offline' || operation.kind !== 'authorise') return false;
  if (operation.step !== 'create' || operation.firstSentAt !== null) return false;
  // Refused once: its message died of it, and came back because a person wanted so.
  if (operation.reason === TOO_OLD) return false;
  return room.deps.world.clock.now() - payment.createdAt > room.settings.offline.forwardMaxAgeMs;
}

/** Nothing was sent; a person decides whether it still should be. The dead letter is the question. */
async function refuseToForward(
  room: Room,
  tx: Tx,
  { payment, operation, message }: Prepares,
): Promise<Prepared<OperationRequest>> {
  const reason = TOO_OLD;
  await saveOperation(tx, { ...operation, reason });
  await tell(room.deps, tx, {
    type: 'payment.forward_expired',
    subject: { kind: 'payment', id: payment.id },
    nodeId: payment.nodeId,
    actor: SYSTEM,
    data: { operation_id: operation.id, person_id: payment.personId },
    traceId: message.traceId,
  });
  return { kind: 'dead', reason };
}

const TOO_OLD = 'an offline payment older than payments.offline.forward_max_age_ms';

export const SYSTEM: Actor = { kind: 'system', id: 'outbox' };
