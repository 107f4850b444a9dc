// What a person of the office may do with a payment: give money back, or give the authorisation back.
// Refused while anything of the payment is in doubt: an answer comes first.

import type { Tx } from '../../platform/database/database.ts';
import { present } from '../../shared/assert.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import { formatMoney } from '../../shared/money.ts';
import { type Actor, tell } from '../audit/index.ts';
import { refundHold } from './ledger-effects.ts';
import { createOperation } from './new-operation.ts';
import { isInDoubt, type Operation } from './operation.ts';
import { type Payment, refundableMinor, statusOf } from './payment.ts';
import { EXPOSURE } from './policy.ts';
import type { Room } from './room.ts';
import { listOperations, saveOperation } from './store-operations.ts';
import { lockPayment, savePayment } from './store-payments.ts';

export interface Change {
  paymentId: string;
  actor: Actor;
  traceId: string | null;
}

export interface WithOperations {
  payment: Payment;
  operations: readonly Operation[];
}

export async function refundPayment(
  room: Room,
  tx: Tx,
  { amountMinor, ...change }: Change & { amountMinor: number | null },
): Promise<WithOperations> {
  const { payment, operations } = await open(tx, change.paymentId);
  const leftMinor = refundableMinor(payment, operations);
  const wantedMinor = amountMinor ?? leftMinor;
  if (wantedMinor <= 0 || wantedMinor > leftMinor) {
    const left = formatMoney({ amountMinor: leftMinor, currency: payment.currency });
    throw new AppError(
      'conflict',
      `Expected an amount up to ${left}, which is captured and not refunded yet; found ${wantedMinor}.`,
      { data: { refundable_minor: leftMinor } },
    );
  }
  const holdTransferId = await room.ledger.hold(tx, refundHold(tx, payment, wantedMinor));
  const attemptId = attemptOf(operations);
  const { traceId } = change;
  const asked = { kind: 'refund' as const, payment, attemptId, amountMinor: wantedMinor, traceId };
  const operation = await createOperation(room, tx, { ...asked, holdTransferId });
  return finish(room, tx, { payment, change, type: 'payment.refund_requested', operation });
}

export async function voidPayment(room: Room, tx: Tx, change: Change): Promise<WithOperations> {
  const { payment, operations } = await open(tx, change.paymentId);
  const capture = operations.find(({ kind }) => kind === 'capture');
  const isFree = capture === undefined || isUnsent(capture) || capture.status === 'cancelled';
  const isVoided = operations.some(({ kind, status }) => kind === 'void' && status !== 'declined');
  if (!isFree || isVoided || payment.status === 'declined' || payment.status === 'voided') {
    throw new AppError(
      'conflict',
      `Expected a payment that is not captured yet, found it ${payment.status}. Refund what was captured.`,
      { data: { status: payment.status } },
    );
  }
  return voidWith(room, tx, { payment, operations, change });
}

/** The capture is unsent or cancelled, and nothing was voided before. */
async function voidWith(
  room: Room,
  tx: Tx,
  { payment, operations, change }: WithOperations & { change: Change },
): Promise<WithOperations> {
  const authorisation = authorisationOf(operations);
  const capture = operations.find(({ kind }) => kind === 'capture');
  const now = room.deps.world.clock.now();
  if (capture !== undefined && isUnsent(capture)) await cancel(tx, capture, now);
  const { traceId } = change;
  if (isUnsent(authorisation)) {
    // Nothing has left: there is nothing to undo at the provider.
    await cancel(tx, authorisation, now);
    await room.ledger.voidOpen(tx, { paymentId: payment.id, code: EXPOSURE });
    return finish(room, tx, { payment, change, type: 'payment.voided', operation: authorisation });
  }
  const operation = await createOperation(room, tx, {
    kind: 'void',
    payment,
    attemptId: authorisation.attemptId,
    amountMinor: authorisation.amountMinor,
    traceId,
  });
  return finish(room, tx, { payment, change, type: 'payment.void_requested', operation });
}

/**
 * Takes back a payment that nobody was told of, in the moment after it was accepted. False when its capture
 * may have left already or its authorisation was refused. An authorisation that has left is followed by a
 * void; the outbox keeps the order.
 */
export async function voidUntold(room: Room, tx: Tx, change: Change): Promise<boolean> {
  const payment = await lockPayment(tx, change.paymentId);
  if (payment === null) throw notFound('payment', change.paymentId);
  const operations = await listOperations(tx, payment.id);
  const captures = operations.filter(({ kind }) => kind === 'capture');
  if (!captures.every((capture) => isUnsent(capture) || capture.status === 'cancelled'))
    return false;
  // Refused by now, it is owed: that stands as well.
  if (payment.status === 'declined') return false;
  if (payment.status === 'voided') return true;
  await voidWith(room, tx, { payment, operations, change });
  return true;
}

/** Not one byte of any of its steps has left. */
function isUnsent({ status, step, kind, firstSentAt }: Operation): boolean {
  if (status !== 'queued' && status !== 'not_sent') return false;
  return firstSentAt === null && (kind !== 'authorise' || step === 'create');
}

async function cancel(tx: Tx, operation: Operation, now: number): Promise<void> {
  await saveOperation(tx, { ...operation, status: 'cancelled', finishedAt: now });
}

async function open(tx: Tx, paymentId: string): Promise<WithOperations> {
  const payment = await lockPayment(tx, paymentId);
  if (payment === null) throw notFound('payment', paymentId);
  const operations = await listOperations(tx, paymentId);
  const doubtful = operations.find(({ status }) => isInDoubt(status) || status === 'sending');
  if (doubtful !== undefined) {
    throw new AppError(
      'conflict',
      `The ${doubtful.kind} of this payment is ${doubtful.status}: its outcome must be known first. Try again later.`,
      { data: { operation_id: doubtful.id, status: doubtful.status }, retryAfterMs: 5_000 },
    );
  }
  return { payment, operations };
}

function authorisationOf(operations: readonly Operation[]): Operation {
  return present(
    operations.find(({ kind }) => kind === 'authorise'),
    'the authorisation',
  );
}

function attemptOf(operations: readonly Operation[]): string {
  const captured = operations.find(
    ({ kind, status }) => kind === 'capture' && status === 'succeeded',
  );
  return present(captured, 'the capture to refund').attemptId;
}

async function finish(
  room: Room,
  tx: Tx,
  of: { payment: Payment; change: Change; type: string; operation: Operation },
): Promise<WithOperations> {
  const { payment, change, type, operation } = of;
  const operations = await listOperations(tx, payment.id);
  const saved = await savePayment(tx, { ...payment, status: statusOf(payment, operations) });
  await tell(room.deps, tx, {
    type,
    subject: { kind: 'payment', id: payment.id },
    nodeId: payment.nodeId,
    actor: change.actor,
    data: {
      person_id: payment.personId,
      operation_id: operation.id,
      amount_minor: operation.amountMinor,
      currency: operation.currency,
    },
    traceId: change.traceId,
  });
  return { payment: saved, operations };
}
