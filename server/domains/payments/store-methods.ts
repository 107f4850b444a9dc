// SQL over payment methods; row ↔ noun.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import { assert } from '../../shared/assert.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { MethodStatus, MethodStep, PaymentMethod } from './payment-method.ts';

const COLUMNS = `m.id, m.person_id, m.provider_account_id, m.status, m.url, m.return_url, m.customer_ref,
  m.setup_ref, m.method_ref, m.mandate, m.brand, m.last_four, m.funding, m.expires_at, m.step,
  m.generation, m.request, m.first_sent_at, m.reason, m.created_at, m.version`;

export function insertMethod(tx: Tx, method: PaymentMethod): void {
  tx.send(
    `insert into payment_method (org_id, id, person_id, provider_account_id, status, return_url,
       customer_ref, step, generation, created_at, version)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      tx.org,
      method.id,
      method.personId,
      method.providerAccountId,
      method.status,
      method.returnUrl,
      method.customerRef,
      method.step,
      method.generation,
      method.createdAt,
      method.version,
    ],
  );
}

export async function findMethod(db: OrgQueryable, id: string): Promise<PaymentMethod | null> {
  const rows = await db.query<MethodRow>(
    `select ${COLUMNS} from payment_method m where m.org_id = $1 and m.id = $2`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toMethod(rows[0]);
}

export async function lockMethod(tx: Tx, id: string): Promise<PaymentMethod | null> {
  const rows = await tx.query<MethodRow>(
    `select ${COLUMNS} from payment_method m where m.org_id = $1 and m.id = $2 ${tx.dialect.forUpdate}`,
    [tx.org, id],
  );
  return rows[0] === undefined ? null : toMethod(rows[0]);
}

/** By the provider's set-up session. */
export async function lockMethodBySetup(tx: Tx, setupRef: string): Promise<PaymentMethod | null> {
  const rows = await tx.query<MethodRow>(
    `select ${COLUMNS} from payment_method m
      where m.org_id = $1 and m.setup_ref = $2 ${tx.dialect.forUpdate}`,
    [tx.org, setupRef],
  );
  return rows[0] === undefined ? null : toMethod(rows[0]);
}

/** The one a person pays with: the newest that is active. */
export async function findActiveMethod(
  db: OrgQueryable,
  personId: string,
): Promise<PaymentMethod | null> {
  const rows = await db.query<MethodRow>(
    `select ${COLUMNS} from payment_method m
      where m.org_id = $1 and m.person_id = $2 and m.status = 'active' order by m.id desc limit 1`,
    [db.org, personId],
  );
  return rows[0] === undefined ? null : toMethod(rows[0]);
}

/** The person's customer at the provider, if an earlier set-up made one. */
export async function findCustomerRef(
  db: OrgQueryable,
  { personId, providerAccountId }: { personId: string; providerAccountId: string },
): Promise<string | null> {
  const rows = await db.query<{ customer_ref: string }>(
    `select m.customer_ref from payment_method m
      where m.org_id = $1 and m.person_id = $2 and m.provider_account_id = $3
        and m.customer_ref is not null order by m.id desc limit 1`,
    [db.org, personId, providerAccountId],
  );
  return rows[0]?.customer_ref ?? null;
}

export async function listMethods(
  db: OrgQueryable,
  personId: string,
  page: PageRequest,
): Promise<Page<PaymentMethod>> {
  const rows = await db.query<MethodRow>(
    `select ${COLUMNS} from payment_method m
      where m.org_id = $1 and m.person_id = $2 and m.id > $3 order by m.id limit $4`,
    [db.org, personId, page.after ?? '', page.limit + 1],
  );
  return toPage(rows.map(toMethod), page.limit);
}

export async function saveMethod(tx: Tx, method: PaymentMethod): Promise<PaymentMethod> {
  const touched = await tx.execute(
    `update payment_method set status = $3, url = $4, customer_ref = $5, setup_ref = $6,
        method_ref = $7, mandate = $8, brand = $9, last_four = $10, funding = $11, expires_at = $12,
        step = $13, generation = $14, request = $15, first_sent_at = $16, reason = $17,
        version = version + 1
      where org_id = $1 and id = $2 and version = $18`,
    [
      tx.org,
      method.id,
      method.status,
      method.url,
      method.customerRef,
      method.setupRef,
      method.methodRef,
      method.mandate === null ? null : JSON.stringify(method.mandate),
      method.brand,
      method.lastFour,
      method.funding,
      method.expiresAt,
      method.step,
      method.generation,
      method.request,
      method.firstSentAt,
      method.reason,
      method.version,
    ],
  );
  assert(touched === 1, `payment method ${method.id} was changed without its lock`);
  return { ...method, version: method.version + 1 };
}

type MethodRow = {
  id: string;
  person_id: string;
  provider_account_id: string;
  status: string;
  url: string | null;
  return_url: string;
  customer_ref: string | null;
  setup_ref: string | null;
  method_ref: string | null;
  mandate: string | null;
  brand: string | null;
  last_four: string | null;
  funding: string | null;
  expires_at: number | null;
  step: string;
  generation: number;
  request: string | null;
  first_sent_at: number | null;
  reason: string | null;
  created_at: number;
  version: number;
};

function toMethod(row: MethodRow): PaymentMethod {
  return {
    id: row.id,
    personId: row.person_id,
    providerAccountId: row.provider_account_id,
    status: row.status as MethodStatus,
    url: row.url,
    returnUrl: row.return_url,
    customerRef: row.customer_ref,
    setupRef: row.setup_ref,
    methodRef: row.method_ref,
    mandate:
      row.mandate === null ? null : (JSON.parse(row.mandate) as { ref: string; usage: string }),
    brand: row.brand,
    lastFour: row.last_four,
    funding: row.funding,
    expiresAt: row.expires_at,
    step: row.step as MethodStep,
    generation: row.generation,
    request: row.request,
    firstSentAt: row.first_sent_at,
    reason: row.reason,
    createdAt: row.created_at,
    version: row.version,
  };
}
