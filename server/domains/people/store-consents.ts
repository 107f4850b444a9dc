// All SQL over consent. A consent is never removed; withdrawing sets its end.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';
import type { Consent, Purpose } from './person.ts';

const COLUMNS = `c.id, c.person_id, c.purpose, c.text_version, c.method, c.given_at, c.withdrawn_at,
  c.created_at, c.version`;

export async function insertConsents(tx: Tx, consents: readonly Consent[]): Promise<void> {
  const rows = consents.map((consent) => ({
    id: consent.id,
    person_id: consent.personId,
    purpose: consent.purpose,
    text_version: consent.textVersion,
    method: consent.method,
    given_at: consent.givenAt,
    created_at: consent.createdAt,
    version: consent.version,
  }));
  const source = tx.dialect.rowsOf(
    '$2',
    {
      id: 'text',
      person_id: 'text',
      purpose: 'text',
      text_version: 'text',
      method: 'text',
      given_at: 'integer',
      created_at: 'integer',
      version: 'integer',
    },
    'r',
  );
  await tx.execute(
    `insert into consent (org_id, person_id, id, purpose, text_version, method, given_at, created_at, version)
     select $1, r.person_id, r.id, r.purpose, r.text_version, r.method, r.given_at, r.created_at, r.version
       from ${source}`,
    [tx.org, JSON.stringify(rows)],
  );
}

export async function findConsent(
  db: OrgQueryable,
  { personId, consentId }: { personId: string; consentId: string },
): Promise<Consent | null> {
  const rows = await db.query<ConsentRow>(
    `select ${COLUMNS} from consent c where c.org_id = $1 and c.person_id = $2 and c.id = $3`,
    [db.org, personId, consentId],
  );
  return rows[0] === undefined ? null : toConsent(rows[0]);
}

/** The newest consent for the purpose that stands. */
export async function findActiveConsent(
  db: OrgQueryable,
  { personId, purpose }: { personId: string; purpose: Purpose },
): Promise<Consent | null> {
  const rows = await db.query<ConsentRow>(
    `select ${COLUMNS} from consent c
      where c.org_id = $1 and c.person_id = $2 and c.purpose = $3 and c.withdrawn_at is null
      order by c.given_at desc, c.id desc limit 1`,
    [db.org, personId, purpose],
  );
  return rows[0] === undefined ? null : toConsent(rows[0]);
}

export async function listConsents(
  db: OrgQueryable,
  personId: string,
  page: PageRequest,
): Promise<Page<Consent>> {
  const rows = await db.query<ConsentRow>(
    `select ${COLUMNS} from consent c where c.org_id = $1 and c.person_id = $2 and c.id > $3
      order by c.id limit $4`,
    [db.org, personId, page.after ?? '', page.limit + 1],
  );
  return toPage(rows.map(toConsent), page.limit);
}

/** False when it was withdrawn already. */
export async function updateWithdrawn(
  tx: Tx,
  { personId, consentId }: { personId: string; consentId: string },
  at: Instant,
): Promise<boolean> {
  const count = await tx.execute(
    `update consent set withdrawn_at = $4, version = version + 1
      where org_id = $1 and person_id = $2 and id = $3 and withdrawn_at is null`,
    [tx.org, personId, consentId, at],
  );
  return count === 1;
}

export async function updateAllWithdrawn(tx: Tx, personId: string, at: Instant): Promise<void> {
  await tx.execute(
    `update consent set withdrawn_at = $3, version = version + 1
      where org_id = $1 and person_id = $2 and withdrawn_at is null`,
    [tx.org, personId, at],
  );
}

type ConsentRow = {
  id: string;
  person_id: string;
  purpose: string;
  text_version: string;
  method: string;
  given_at: number;
  withdrawn_at: number | null;
  created_at: number;
  version: number;
};

function toConsent(row: ConsentRow): Consent {
  return {
    id: row.id,
    personId: row.person_id,
    purpose: row.purpose as Purpose,
    textVersion: row.text_version,
    method: row.method,
    givenAt: row.given_at,
    withdrawnAt: row.withdrawn_at,
    createdAt: row.created_at,
    version: row.version,
  };
}
