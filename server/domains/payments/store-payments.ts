// SQL over payments and attempts. Whoever changes a payment or one of its operations holds the payment's
// row first, so that a reply, an event and a person never change it together.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Dialect } from '../../platform/database/dialect.ts';
import type { Scope } from '../../platform/http/route.ts';
import { assert } from '../../shared/assert.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';
import type { Payment, PaymentMode, PaymentStatus } from './payment.ts';

const COLUMNS = `p.id, p.node_id, p.person_id, p.device_id, p.payment_method_id, p.terminal_ref,
  p.amount_minor, p.currency, p.accepted, p.status, p.description, p.identification_id, p.policy,
  p.authorised_minor, p.captured_minor, p.refunded_minor, p.created_at, p.version`;

export async function insertPayment(tx: Tx, payment: Payment): Promise<void> {
  await tx.execute(
    `insert into payment (org_id, id, node_id, person_id, device_id, payment_method_id, terminal_ref,
       amount_minor, currency, accepted, status, description, identification_id, policy,
       authorised_minor, captured_minor, refunded_minor, created_at, version)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)`,
    [
      tx.org,
      payment.id,
      payment.nodeId,
      payment.personId,
      payment.deviceId,
      payment.paymentMethodId,
      payment.terminalRef,
      payment.amountMinor,
      payment.currency,
      payment.accepted,
      payment.status,
      payment.description,
      payment.identificationId,
      payment.policy,
      payment.authorisedMinor,
      payment.capturedMinor,
      payment.refundedMinor,
      payment.createdAt,
      payment.version,
    ],
  );
}

export async function findPayment(db: OrgQueryable, id: string): Promise<Payment | null> {
  const rows = await db.query<PaymentRow>(
    `select ${COLUMNS} from payment p where p.org_id = $1 and p.id = $2`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toPayment(rows[0]);
}

export async function lockPayment(tx: Tx, id: string): Promise<Payment | null> {
  const rows = await tx.query<PaymentRow>(
    `select ${COLUMNS} from payment p where p.org_id = $1 and p.id = $2 ${tx.dialect.forUpdate}`,
    [tx.org, id],
  );
  return rows[0] === undefined ? null : toPayment(rows[0]);
}

/** Writes what may change, under the lock; answers the new version. */
export async function savePayment(tx: Tx, payment: Payment): Promise<Payment> {
  const touched = await tx.execute(
    `update payment set status = $3, authorised_minor = $4, captured_minor = $5, refunded_minor = $6,
        version = version + 1
      where org_id = $1 and id = $2 and version = $7`,
    [
      tx.org,
      payment.id,
      payment.status,
      payment.authorisedMinor,
      payment.capturedMinor,
      payment.refundedMinor,
      payment.version,
    ],
  );
  assert(touched === 1, `payment ${payment.id} was changed without its lock`);
  return { ...payment, version: payment.version + 1 };
}

export type NodePredicate = (
  dialect: Dialect,
  column: string,
  allowParam: string,
  denyParam: string,
) => string;

export interface PaymentFilter {
  scope: Scope;
  status: string | null;
  personId: string | null;
  deviceId: string | null;
}

/** Oldest first: ids sort by the time of their making. */
export async function listPayments(
  db: OrgQueryable,
  filter: PaymentFilter & { nodeScope: NodePredicate },
  page: PageRequest,
): Promise<Page<Payment>> {
  const rows = await db.query<PaymentRow>(
    `select ${COLUMNS} from payment p
      where p.org_id = $1 and p.id > $4 and ${filter.nodeScope(db.dialect, 'p.node_id', '$2', '$3')}
        and ($5 = '' or p.status = $5) and ($6 = '' or p.person_id = $6)
        and ($7 = '' or p.device_id = $7)
      order by p.id limit $8`,
    [
      db.org,
      filter.scope.allow,
      filter.scope.deny,
      page.after ?? '',
      filter.status ?? '',
      filter.personId ?? '',
      filter.deviceId ?? '',
      page.limit + 1,
    ],
  );
  return toPage(rows.map(toPayment), page.limit);
}

export async function listCurrenciesOf(db: OrgQueryable, personId: string): Promise<string[]> {
  const rows = await db.query<{ currency: string }>(
    `select distinct p.currency from payment p where p.org_id = $1 and p.person_id = $2
      order by p.currency`,
    [db.org, personId],
  );
  return rows.map(({ currency }) => currency);
}

export interface Attempt {
  id: string;
  paymentId: string;
  providerAccountId: string;
  number: number;
  /** The provider's object for the whole attempt, e.g. a payment intent. */
  providerRef: string | null;
  createdAt: Instant;
}

export async function insertAttempt(tx: Tx, attempt: Attempt): Promise<void> {
  await tx.execute(
    `insert into attempt (org_id, id, payment_id, provider_account_id, number, provider_ref,
       created_at, version) values ($1, $2, $3, $4, $5, $6, $7, 1)`,
    [
      tx.org,
      attempt.id,
      attempt.paymentId,
      attempt.providerAccountId,
      attempt.number,
      attempt.providerRef,
      attempt.createdAt,
    ],
  );
}

export async function findAttempt(db: OrgQueryable, id: string): Promise<Attempt | null> {
  const rows = await db.query<AttemptRow>(
    `select a.id, a.payment_id, a.provider_account_id, a.number, a.provider_ref, a.created_at
       from attempt a where a.org_id = $1 and a.id = $2`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toAttempt(rows[0]);
}

export async function findAttemptByRef(
  db: OrgQueryable,
  providerRef: string,
): Promise<Attempt | null> {
  const rows = await db.query<AttemptRow>(
    `select a.id, a.payment_id, a.provider_account_id, a.number, a.provider_ref, a.created_at
       from attempt a where a.org_id = $1 and a.provider_ref = $2`,
    [db.org, providerRef],
  );
  return rows[0] === undefined ? null : toAttempt(rows[0]);
}

export async function saveAttemptRef(tx: Tx, id: string, providerRef: string): Promise<void> {
  await tx.execute(
    `update attempt set provider_ref = $3, version = version + 1 where org_id = $1 and id = $2`,
    [tx.org, id, providerRef],
  );
}

type AttemptRow = {
  id: string;
  payment_id: string;
  provider_account_id: string;
  number: number;
  provider_ref: string | null;
  created_at: number;
};

function toAttempt(row: AttemptRow): Attempt {
  return {
    id: row.id,
    paymentId: row.payment_id,
    providerAccountId: row.provider_account_id,
    number: row.number,
    providerRef: row.provider_ref,
    createdAt: row.created_at,
  };
}

type PaymentRow = {
  id: string;
  node_id: string;
  person_id: string;
  device_id: string | null;
  payment_method_id: string;
  terminal_ref: string | null;
  amount_minor: number;
  currency: string;
  accepted: string;
  status: string;
  description: string | null;
  identification_id: string | null;
  policy: string;
  authorised_minor: number;
  captured_minor: number;
  refunded_minor: number;
  created_at: number;
  version: number;
};

function toPayment(row: PaymentRow): Payment {
  return {
    id: row.id,
    nodeId: row.node_id,
    personId: row.person_id,
    deviceId: row.device_id,
    paymentMethodId: row.payment_method_id,
    terminalRef: row.terminal_ref,
    amountMinor: row.amount_minor,
    currency: row.currency,
    accepted: row.accepted as PaymentMode,
    status: row.status as PaymentStatus,
    description: row.description,
    identificationId: row.identification_id,
    policy: row.policy,
    authorisedMinor: row.authorised_minor,
    capturedMinor: row.captured_minor,
    refundedMinor: row.refunded_minor,
    createdAt: row.created_at,
    version: row.version,
  };
}
