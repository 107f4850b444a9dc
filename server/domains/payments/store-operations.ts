// SQL over operations; row ↔ noun. Rows are changed only while their payment's row is held.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import { assert } from '../../shared/assert.ts';
import type {
  DeclineClass,
  Operation,
  OperationKind,
  OperationStatus,
  OperationStep,
  ResolvedBy,
} from './operation.ts';

const COLUMNS = `o.id, o.payment_id, o.attempt_id, o.kind, o.amount_minor, o.currency, o.status, o.step,
  o.generation, o.idempotency_key, o.request, o.first_sent_at, o.last_sent_at, o.looked_up_at,
  o.key_spent, o.lookup_misses, o.first_miss_at, o.provider_ref, o.decline_class, o.decline_code,
  o.reason, o.resolved_by, o.hold_transfer_id, o.created_at, o.finished_at, o.version`;

/** An authorisation and its capture are made in the same millisecond; the first comes first. */
const MADE_TOGETHER = `case o.kind when 'authorise' then 0 else 1 end`;

export async function insertOperation(tx: Tx, operation: Operation): Promise<void> {
  await tx.execute(
    `insert into operation (org_id, id, payment_id, attempt_id, kind, amount_minor, currency, status,
       step, generation, idempotency_key, key_spent, lookup_misses, hold_transfer_id, created_at, version)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0, $12, $13, $14)`,
    [
      tx.org,
      operation.id,
      operation.paymentId,
      operation.attemptId,
      operation.kind,
      operation.amountMinor,
      operation.currency,
      operation.status,
      operation.step,
      operation.generation,
      operation.idempotencyKey,
      operation.holdTransferId,
      operation.createdAt,
      operation.version,
    ],
  );
}

export async function findOperation(db: OrgQueryable, id: string): Promise<Operation | null> {
  const rows = await db.query<OperationRow>(
    `select ${COLUMNS} from operation o where o.org_id = $1 and o.id = $2`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toOperation(rows[0]);
}

/** In the order of their making. */
export async function listOperations(db: OrgQueryable, paymentId: string): Promise<Operation[]> {
  const rows = await db.query<OperationRow>(
    `select ${COLUMNS} from operation o where o.org_id = $1 and o.payment_id = $2
      order by o.created_at, ${MADE_TOGETHER}, o.id`,
    [db.org, paymentId],
  );
  return rows.map(toOperation);
}

/** The operations of several payments in one question, for lists. */
export async function listOperationsOf(
  db: OrgQueryable,
  paymentIds: readonly string[],
): Promise<Map<string, Operation[]>> {
  const rows = await db.query<OperationRow>(
    `select ${COLUMNS} from operation o
      where o.org_id = $1 and o.payment_id in (${db.dialect.textsOf('$2')})
      order by o.created_at, ${MADE_TOGETHER}, o.id`,
    [db.org, JSON.stringify(paymentIds)],
  );
  const found = new Map<string, Operation[]>(paymentIds.map((id) => [id, []]));
  for (const row of rows) found.get(row.payment_id)?.push(toOperation(row));
  return found;
}

export async function saveOperation(tx: Tx, operation: Operation): Promise<Operation> {
  const touched = await tx.execute(
    `update operation set status = $3, step = $4, generation = $5, idempotency_key = $6, request = $7,
        first_sent_at = $8, last_sent_at = $9, looked_up_at = $10, key_spent = $11, lookup_misses = $12,
        first_miss_at = $13, provider_ref = $14, decline_class = $15, decline_code = $16, reason = $17,
        resolved_by = $18, hold_transfer_id = $19, finished_at = $20, version = version + 1
      where org_id = $1 and id = $2 and version = $21`,
    [
      tx.org,
      operation.id,
      operation.status,
      operation.step,
      operation.generation,
      operation.idempotencyKey,
      operation.request,
      operation.firstSentAt,
      operation.lastSentAt,
      operation.lookedUpAt,
      operation.keySpent ? 1 : 0,
      operation.lookupMisses,
      operation.firstMissAt,
      operation.providerRef,
      operation.declineClass,
      operation.declineCode,
      operation.reason,
      operation.resolvedBy,
      operation.holdTransferId,
      operation.finishedAt,
      operation.version,
    ],
  );
  assert(touched === 1, `operation ${operation.id} was changed without its payment's lock`);
  return { ...operation, version: operation.version + 1 };
}

type OperationRow = {
  id: string;
  payment_id: string;
  attempt_id: string;
  kind: string;
  amount_minor: number;
  currency: string;
  status: string;
  step: string;
  generation: number;
  idempotency_key: string;
  request: string | null;
  first_sent_at: number | null;
  last_sent_at: number | null;
  looked_up_at: number | null;
  key_spent: number;
  lookup_misses: number;
  first_miss_at: number | null;
  provider_ref: string | null;
  decline_class: string | null;
  decline_code: string | null;
  reason: string | null;
  resolved_by: string | null;
  hold_transfer_id: string | null;
  created_at: number;
  finished_at: number | null;
  version: number;
};

function toOperation(row: OperationRow): Operation {
  return {
    id: row.id,
    paymentId: row.payment_id,
    attemptId: row.attempt_id,
    kind: row.kind as OperationKind,
    amountMinor: row.amount_minor,
    currency: row.currency,
    status: row.status as OperationStatus,
    step: row.step as OperationStep,
    generation: row.generation,
    idempotencyKey: row.idempotency_key,
    request: row.request,
    firstSentAt: row.first_sent_at,
    lastSentAt: row.last_sent_at,
    lookedUpAt: row.looked_up_at,
    keySpent: row.key_spent === 1,
    lookupMisses: row.lookup_misses,
    firstMissAt: row.first_miss_at,
    providerRef: row.provider_ref,
    declineClass: row.decline_class as DeclineClass | null,
    declineCode: row.decline_code,
    reason: row.reason,
    resolvedBy: row.resolved_by as ResolvedBy | null,
    holdTransferId: row.hold_transfer_id,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    version: row.version,
  };
}
