// An operation and its message, made together in the transaction that causes it.

import type { Tx } from '../../platform/database/database.ts';
import { enqueue } from '../../platform/outbox/enqueue.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { type Operation, type OperationKind, STEPS, UNSENT } from './operation.ts';
import type { Payment } from './payment.ts';
import { DESTINATION, OPERATION_MESSAGE, type Room } from './room.ts';
import { insertOperation } from './store-operations.ts';

export type Made = Pick<Room, 'deps'>;

export interface NewOperation {
  kind: OperationKind;
  payment: Pick<Payment, 'id' | 'currency'>;
  attemptId: string;
  amountMinor: number;
  holdTransferId?: string;
  traceId: string | null;
}

export async function createOperation(
  { deps }: Made,
  tx: Tx,
  wanted: NewOperation,
): Promise<Operation> {
  const id = deps.ids.make('operation');
  const operation: Operation = {
    id,
    paymentId: wanted.payment.id,
    attemptId: wanted.attemptId,
    kind: wanted.kind,
    amountMinor: wanted.amountMinor,
    currency: wanted.payment.currency,
    status: 'queued',
    step: STEPS[wanted.kind][0] ?? 'create',
    generation: 1,
    idempotencyKey: idempotencyKey(tx.org, id, 1),
    ...UNSENT,
    providerRef: null,
    declineClass: null,
    declineCode: null,
    reason: null,
    resolvedBy: null,
    holdTransferId: wanted.holdTransferId ?? null,
    createdAt: deps.world.clock.now(),
    finishedAt: null,
    version: 1,
  };
  await insertOperation(tx, operation);
  await enqueueOperation({ deps }, tx, operation, wanted.traceId);
  return operation;
}

/** All messages of a payment are one aggregate: its operations reach the provider one after another. */
export async function enqueueOperation(
  { deps }: Made,
  tx: Tx,
  operation: Pick<Operation, 'id' | 'paymentId'>,
  traceId: string | null,
): Promise<void> {
  await enqueue(tx, deps, {
    type: OPERATION_MESSAGE,
    destination: DESTINATION,
    aggregate: operation.paymentId,
    uid: operation.id,
    body: { payment_id: operation.paymentId, operation_id: operation.id },
    traceId,
  });
}
