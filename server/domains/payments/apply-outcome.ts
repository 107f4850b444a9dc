// The one transition function of operations. A reply, a look-up, a replay and an event all end here, with
// the payment's row held: the move is checked against the table, the books are written, the payment's
// status is computed anew and the event is told, in one transaction. A move the table does not know
// changes nothing: late and doubled news are the rule, not the exception.

import type { Tx } from '../../platform/database/database.ts';
import { present } from '../../shared/assert.ts';
import { type Actor, tell } from '../audit/index.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { bookDecline, bookLateSuccess, bookSuccess, lockBooks } from './ledger-effects.ts';
import { createOperation, enqueueOperation } from './new-operation.ts';
import {
  isInDoubt,
  mayMove,
  type Operation,
  type OperationStatus,
  type ResolvedBy,
  stepAfter,
  UNSENT,
} from './operation.ts';
import type { Outcome } from './outcome.ts';
import { type Payment, statusOf } from './payment.ts';
import type { Room } from './room.ts';
import { listOperations, saveOperation } from './store-operations.ts';
import { findAttempt, saveAttemptRef, savePayment } from './store-payments.ts';

export interface Applied {
  payment: Payment;
  operation: Operation;
  /** False when the move was not in the table: nothing was changed. */
  moved: boolean;
}

export interface News {
  payment: Payment;
  operation: Operation;
  outcome: Outcome | { kind: 'absent'; reason: string } | { kind: 'escalated'; reason: string };
  resolvedBy: ResolvedBy;
  actor: Actor;
  traceId: string | null;
}

type Parts = Pick<Room, 'deps' | 'ledger' | 'provider'>;

export async function applyOutcome(room: Parts, tx: Tx, news: News): Promise<Applied> {
  const { payment, operation, outcome } = news;
  const to = targetOf(outcome);
  const unchanged = { payment, operation, moved: false };
  if (to === operation.status) return unchanged;
  if (!mayMove(operation.kind, operation.status, to)) return unchanged;
  const others = (await listOperations(tx, payment.id)).filter(({ id }) => id !== operation.id);
  const changed = await effectsOf(room, tx, { news, to, others });
  const saved = await saveOperation(tx, changed.operation);
  const operations = await listOperations(tx, payment.id);
  const next = { ...changed.payment, status: statusOf(changed.payment, operations) };
  const savedPayment = await savePayment(tx, next);
  await tellMove(room, tx, { news, operation: saved, payment: savedPayment });
  return { payment: savedPayment, operation: saved, moved: true };
}

function targetOf(outcome: News['outcome']): OperationStatus {
  switch (outcome.kind) {
    case 'step_done':
      return 'queued';
    case 'succeeded':
    case 'pending':
    case 'declined':
    case 'absent':
      return outcome.kind;
    case 'not_executed':
    case 'refused':
      return 'not_sent';
    case 'in_flight':
    case 'unknown':
      return 'unknown';
    case 'integrity':
    case 'escalated':
      return 'unknown_escalated';
  }
}

async function effectsOf(
  room: Parts,
  tx: Tx,
  { news, to, others }: { news: News; to: OperationStatus; others: readonly Operation[] },
): Promise<{ payment: Payment; operation: Operation }> {
  const { payment, operation, outcome, resolvedBy } = news;
  const books = { ledger: room.ledger, provider: room.provider.name };
  const now = room.deps.world.clock.now();
  const ended = { status: to, resolvedBy, finishedAt: now, reason: null };
  switch (outcome.kind) {
    case 'step_done':
      await saveAttemptRef(tx, operation.attemptId, outcome.providerRef);
      return {
        payment,
        operation: {
          ...operation,
          ...UNSENT,
          status: to,
          reason: null,
          step: present(stepAfter(operation.kind, operation.step), 'a step after this one'),
          providerRef: outcome.providerRef,
        },
      };
    case 'succeeded': {
      await lockBooks(books, tx, payment);
      const isLate = operation.status === 'declined';
      const late = isLate ? await bookLateSuccess(books, tx, { payment, operation }) : null;
      const booked = await bookSuccess(books, tx, {
        payment,
        operation: { ...operation, ...ended, providerRef: outcome.providerRef },
        others,
      });
      if (operation.kind === 'void') await cancelWaiting(tx, others, now);
      if (late !== null) await goOnAfterLateSuccess(room, tx, { ...booked, others, ...late });
      return booked;
    }
    case 'declined': {
      await lockBooks(books, tx, payment);
      const booked = await bookDecline(books, tx, { payment, operation, others });
      if (operation.kind === 'authorise' || operation.kind === 'capture')
        await cancelWaiting(tx, others, now);
      const { class: declineClass, code: declineCode } = outcome;
      return { payment: booked, operation: { ...operation, ...ended, declineClass, declineCode } };
    }
    case 'absent': {
      const generation = operation.generation + 1;
      const key = idempotencyKey(tx.org, operation.id, generation);
      // Absent and queued again in one move: the new key is born with the proof that it may be.
      return {
        payment,
        operation: {
          ...operation,
          ...UNSENT,
          status: 'queued',
          generation,
          idempotencyKey: key,
          reason: `absent: ${outcome.reason}`,
        },
      };
    }
    case 'pending':
    case 'not_executed':
    case 'refused':
    case 'in_flight':
    case 'unknown':
    case 'integrity':
    case 'escalated':
      return { payment, operation: { ...operation, status: to, reason: outcome.reason } };
  }
}

/** A capture or void that waits behind a refused authorisation is not wanted any more. */
async function cancelWaiting(tx: Tx, others: readonly Operation[], now: number): Promise<void> {
  for (const other of others) {
    if (other.status !== 'queued' && other.status !== 'not_sent') continue;
    if (other.kind === 'refund') continue;
    await saveOperation(tx, { ...other, status: 'cancelled', finishedAt: now });
  }
}

/** Still owed: take the money after all. Paid otherwise since: give the authorisation back. */
async function goOnAfterLateSuccess(
  room: Parts,
  tx: Tx,
  of: { payment: Payment; operation: Operation; others: readonly Operation[]; stillOwed: boolean },
): Promise<void> {
  const { payment, operation, others, stillOwed } = of;
  if (operation.kind !== 'authorise') return;
  if (!stillOwed) {
    const attempt = present(await findAttempt(tx, operation.attemptId), 'the attempt');
    const { amountMinor } = operation;
    await createOperation(room, tx, {
      kind: 'void',
      payment,
      attemptId: attempt.id,
      amountMinor,
      traceId: null,
    });
    return;
  }
  for (const other of others) {
    if (other.kind !== 'capture' || other.status !== 'cancelled') continue;
    await saveOperation(tx, { ...other, status: 'queued', finishedAt: null });
    await enqueueOperation(room, tx, other, null);
  }
}

/** One event for each change that means something to somebody outside this domain. */
async function tellMove(
  room: Parts,
  tx: Tx,
  of: { news: News; operation: Operation; payment: Payment },
): Promise<void> {
  const { news, operation, payment } = of;
  const type = eventOf(news);
  if (type === null) return;
  await tell(room.deps, tx, {
    type,
    subject: { kind: 'payment', id: payment.id },
    nodeId: payment.nodeId,
    actor: news.actor,
    data: {
      person_id: payment.personId,
      payment_status: payment.status,
      operation_id: operation.id,
      operation_kind: operation.kind,
      operation_status: operation.status,
      amount_minor: operation.amountMinor,
      currency: operation.currency,
      provider: room.provider.name,
      provider_ref: operation.providerRef,
      generation: operation.generation,
      resolved_by: operation.resolvedBy,
      decline_class: operation.declineClass,
      decline_code: operation.declineCode,
      reason: operation.reason,
    },
    traceId: news.traceId,
  });
}

const DONE = {
  authorise: 'payment.authorised',
  capture: 'payment.captured',
  void: 'payment.voided',
  refund: 'payment.refunded',
} as const;
const REFUSED = {
  authorise: 'payment.declined',
  capture: 'payment.capture_declined',
  void: 'payment.void_declined',
  refund: 'payment.refund_failed',
} as const;

function eventOf({ operation, outcome }: News): string | null {
  switch (outcome.kind) {
    case 'succeeded':
      return operation.status === 'declined' ? 'payment.late_success' : DONE[operation.kind];
    case 'declined':
      return REFUSED[operation.kind];
    case 'absent':
      return 'payment.operation_absent';
    case 'unknown':
    case 'in_flight':
      return isInDoubt(operation.status) ? null : 'payment.in_doubt';
    case 'integrity':
      return 'payment.integrity_failed';
    case 'escalated':
      return 'payment.escalated';
    case 'pending':
      return 'payment.pending';
    case 'refused':
      return 'payment.operation_refused';
    case 'step_done':
    case 'not_executed':
      return null;
  }
}
