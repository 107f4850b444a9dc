// SQL over KYC sessions; row ↔ noun.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import { assert } from '../../shared/assert.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Decision, KycSession, SessionStatus } from './kyc-session.ts';

const COLUMNS = `s.id, s.person_id, s.provider_account_id, s.level, s.status, s.provider_ref, s.url,
  s.decision, s.transport, s.request, s.first_sent_at, s.submitted_at, s.decided_at, s.valid_until,
  s.reason, s.created_at, s.version`;

export async function insertSession(tx: Tx, session: KycSession): Promise<void> {
  await tx.execute(
    `insert into kyc_session (org_id, id, person_id, provider_account_id, level, status, transport,
       created_at, version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      tx.org,
      session.id,
      session.personId,
      session.providerAccountId,
      session.level,
      session.status,
      session.transport,
      session.createdAt,
      session.version,
    ],
  );
}

export async function findSession(db: OrgQueryable, id: string): Promise<KycSession | null> {
  const rows = await db.query<SessionRow>(
    `select ${COLUMNS} from kyc_session s where s.org_id = $1 and s.id = $2`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toSession(rows[0]);
}

export async function lockSession(tx: Tx, id: string): Promise<KycSession | null> {
  const rows = await tx.query<SessionRow>(
    `select ${COLUMNS} from kyc_session s where s.org_id = $1 and s.id = $2 ${tx.dialect.forUpdate}`,
    [tx.org, id],
  );
  return rows[0] === undefined ? null : toSession(rows[0]);
}

export async function lockSessionByRef(tx: Tx, providerRef: string): Promise<KycSession | null> {
  const rows = await tx.query<SessionRow>(
    `select ${COLUMNS} from kyc_session s
      where s.org_id = $1 and s.provider_ref = $2 ${tx.dialect.forUpdate}`,
    [tx.org, providerRef],
  );
  return rows[0] === undefined ? null : toSession(rows[0]);
}

export async function listSessions(
  db: OrgQueryable,
  personId: string,
  page: PageRequest,
): Promise<Page<KycSession>> {
  const rows = await db.query<SessionRow>(
    `select ${COLUMNS} from kyc_session s
      where s.org_id = $1 and s.person_id = $2 and s.id > $3 order by s.id limit $4`,
    [db.org, personId, page.after ?? '', page.limit + 1],
  );
  return toPage(rows.map(toSession), page.limit);
}

/** The last word about a person at a level: yes, no, or taken back. */
export async function findLastWord(
  db: OrgQueryable,
  { personId, level }: { personId: string; level: string },
): Promise<KycSession | null> {
  const rows = await db.query<SessionRow>(
    `select ${COLUMNS} from kyc_session s
      where s.org_id = $1 and s.person_id = $2 and s.level = $3
        and s.status in ('approved', 'declined', 'revoked')
      order by s.decided_at desc, s.id desc limit 1`,
    [db.org, personId, level],
  );
  return rows[0] === undefined ? null : toSession(rows[0]);
}

export async function findNewest(
  db: OrgQueryable,
  { personId, level }: { personId: string; level: string },
): Promise<KycSession | null> {
  const rows = await db.query<SessionRow>(
    `select ${COLUMNS} from kyc_session s
      where s.org_id = $1 and s.person_id = $2 and s.level = $3 order by s.id desc limit 1`,
    [db.org, personId, level],
  );
  return rows[0] === undefined ? null : toSession(rows[0]);
}

export async function saveSession(tx: Tx, session: KycSession): Promise<KycSession> {
  const touched = await tx.execute(
    `update kyc_session set status = $3, provider_ref = $4, url = $5, decision = $6, transport = $7,
        request = $8, first_sent_at = $9, submitted_at = $10, decided_at = $11, valid_until = $12,
        reason = $13, version = version + 1
      where org_id = $1 and id = $2 and version = $14`,
    [
      tx.org,
      session.id,
      session.status,
      session.providerRef,
      session.url,
      session.decision === null ? null : JSON.stringify(session.decision),
      session.transport,
      session.request,
      session.firstSentAt,
      session.submittedAt,
      session.decidedAt,
      session.validUntil,
      session.reason,
      session.version,
    ],
  );
  assert(touched === 1, `KYC session ${session.id} was changed without its lock`);
  return { ...session, version: session.version + 1 };
}

type SessionRow = {
  id: string;
  person_id: string;
  provider_account_id: string;
  level: string;
  status: string;
  provider_ref: string | null;
  url: string | null;
  decision: string | null;
  transport: string;
  request: string | null;
  first_sent_at: number | null;
  submitted_at: number | null;
  decided_at: number | null;
  valid_until: number | null;
  reason: string | null;
  created_at: number;
  version: number;
};

function toSession(row: SessionRow): KycSession {
  return {
    id: row.id,
    personId: row.person_id,
    providerAccountId: row.provider_account_id,
    level: row.level,
    status: row.status as SessionStatus,
    providerRef: row.provider_ref,
    url: row.url,
    decision: row.decision === null ? null : (JSON.parse(row.decision) as Decision),
    transport: row.transport as KycSession['transport'],
    request: row.request,
    firstSentAt: row.first_sent_at,
    submittedAt: row.submitted_at,
    decidedAt: row.decided_at,
    validUntil: row.valid_until,
    reason: row.reason,
    createdAt: row.created_at,
    version: row.version,
  };
}
