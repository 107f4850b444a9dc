// SQL over kyc_session; row ↔ noun.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import { AppError } from '../../shared/errors.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';
import { type KycSession, type KycStatus, OPEN_STATUSES } from './kyc-session.ts';

type KycRow = {
  id: string;
  person_id: string;
  provider_account_id: string;
  level: string;
  status: KycStatus;
  transport: KycSession['transport'];
  provider_ref: string | null;
  url: string | null;
  decision: string | null;
  request: string | null;
  first_sent_at: Instant | null;
  submitted_at: Instant | null;
  decided_at: Instant | null;
  provider_decided_at: Instant | null;
  valid_until: Instant | null;
  reason: string | null;
  created_at: Instant;
  version: number;
};

const COLUMNS = `k.id, k.person_id, k.provider_account_id, k.level, k.status, k.transport,
  k.provider_ref, k.url, k.decision, k.request, k.first_sent_at, k.submitted_at,
  k.decided_at, k.provider_decided_at, k.valid_until, k.reason, k.created_at, k.version`;

export async function insertSession(tx: Tx, session: KycSession): Promise<void> {
  await tx.execute(
    `insert into kyc_session (org_id, id, person_id, provider_account_id, level, status, transport,
        created_at, version)
     values ($1, $2, $3, $4, $5, $6, $7, $8, 1)`,
    [
      tx.org,
      session.id,
      session.personId,
      session.providerAccountId,
      session.level,
      session.status,
      session.transport,
      session.createdAt,
    ],
  );
}

export async function findSession(db: OrgQueryable, id: string): Promise<KycSession | null> {
  return one(
    await db.query<KycRow>(
      `select ${COLUMNS} from kyc_session k where k.org_id = $1 and k.id = $2`,
      [db.org, id],
    ),
  );
}

export async function lockSession(tx: Tx, id: string): Promise<KycSession | null> {
  return one(
    await tx.query<KycRow>(
      `select ${COLUMNS} from kyc_session k where k.org_id = $1 and k.id = $2
        ${tx.dialect.forUpdate}`,
      [tx.org, id],
    ),
  );
}

export async function lockSessionByRef(tx: Tx, providerRef: string): Promise<KycSession | null> {
  return one(
    await tx.query<KycRow>(
      `select ${COLUMNS} from kyc_session k where k.org_id = $1 and k.provider_ref = $2
        ${tx.dialect.forUpdate}`,
      [tx.org, providerRef],
    ),
  );
}

export async function listSessions(
  db: OrgQueryable,
  personId: string,
  page: PageRequest,
): Promise<Page<KycSession>> {
  const rows = await db.query<KycRow>(
    `select ${COLUMNS} from kyc_session k
      where k.org_id = $1 and k.person_id = $2 and k.id > $3 order by k.id limit $4`,
    [db.org, personId, page.after ?? '', page.limit + 1],
  );
  return toPage(rows.map(fromRow), page.limit);
}

/**
 * The last word about a person at a level: yes, no, or taken back. A later session that is in review, or
 * that nobody finished, says nothing about an approval that stands.
 */
export async function findStanding(
  db: OrgQueryable,
  { personId, level }: { personId: string; level: string },
): Promise<Pick<KycSession, 'status' | 'validUntil'> | null> {
  return one(
    await db.query<KycRow>(
      `select ${COLUMNS} from kyc_session k
        where k.org_id = $1 and k.person_id = $2 and k.level = $3
          and k.status in ('approved', 'declined', 'revoked')
        order by k.decided_at desc, k.id desc limit 1`,
      [db.org, personId, level],
    ),
  );
}

/** Sessions at the provider about which it may still have news; oldest first. */
export async function listOpenRefs(
  db: OrgQueryable,
  { since, limit }: { since: Instant; limit: number },
): Promise<readonly string[]> {
  const rows = await db.query<{ provider_ref: string }>(
    `select k.provider_ref from kyc_session k
      where k.org_id = $1 and k.provider_ref is not null and k.created_at >= $2
        and k.status in (${db.dialect.textsOf('$3')})
      order by k.id limit $4`,
    [db.org, since, JSON.stringify(OPEN_STATUSES), limit],
  );
  return rows.map((row) => row.provider_ref);
}

/** Writes everything that may change; conflicts when somebody else was faster. */
export async function saveSession(tx: Tx, session: KycSession): Promise<KycSession> {
  const changed = await tx.execute(
    `update kyc_session set status = $4, transport = $5, provider_ref = $6, url = $7, decision = $8,
        request = $9, first_sent_at = $10, decided_at = $11, valid_until = $12,
        submitted_at = $13, provider_decided_at = $14, reason = $15, version = version + 1
      where org_id = $1 and id = $2 and version = $3`,
    [
      tx.org,
      session.id,
      session.version,
      session.status,
      session.transport,
      session.providerRef,
      session.url,
      session.decision === null ? null : JSON.stringify(session.decision),
      session.request,
      session.firstSentAt,
      session.decidedAt,
      session.validUntil,
      session.submittedAt,
      session.providerDecidedAt,
      session.reason,
    ],
  );
  if (changed !== 1) {
    throw new AppError('version_mismatch', `The KYC session ${session.id} has changed meanwhile.`);
  }
  return { ...session, version: session.version + 1 };
}

function one(rows: readonly KycRow[]): KycSession | null {
  return rows[0] === undefined ? null : fromRow(rows[0]);
}

function fromRow(row: KycRow): KycSession {
  return {
    id: row.id,
    personId: row.person_id,
    providerAccountId: row.provider_account_id,
    level: row.level,
    status: row.status,
    transport: row.transport,
    providerRef: row.provider_ref,
    url: row.url,
    decision: row.decision === null ? null : (JSON.parse(row.decision) as Record<string, unknown>),
    request: row.request,
    firstSentAt: row.first_sent_at,
    submittedAt: row.submitted_at,
    decidedAt: row.decided_at,
    providerDecidedAt: row.provider_decided_at,
    validUntil: row.valid_until,
    reason: row.reason,
    createdAt: row.created_at,
    version: row.version,
  };
}
