// All SQL over org_key and person_key. A person's key is deleted, never kept: that is what erases.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Instant } from '../../shared/world.ts';

export interface StoredOrgKey {
  id: string;
  keyVersion: number;
  rootKid: string;
  wrapped: Buffer;
  createdAt: Instant;
}

/** Oldest first. */
export async function findOrgKeys(db: OrgQueryable): Promise<StoredOrgKey[]> {
  const rows = await db.query<OrgKeyRow>(
    `select id, key_version, root_kid, wrapped, created_at from org_key
      where org_id = $1 order by key_version`,
    [db.org],
  );
  return rows.map((row) => ({
    id: row.id,
    keyVersion: row.key_version,
    rootKid: row.root_kid,
    wrapped: row.wrapped,
    createdAt: row.created_at,
  }));
}

/** Stores nothing when the organization has a key of that version. */
export async function insertOrgKey(tx: Tx, key: StoredOrgKey): Promise<void> {
  await tx.execute(
    `insert into org_key (org_id, id, key_version, status, root_kid, wrapped, created_at)
     values ($1, $2, $3, 'primary', $4, $5, $6) on conflict (org_id, key_version) do nothing`,
    [tx.org, key.id, key.keyVersion, key.rootKid, key.wrapped, key.createdAt],
  );
}

export interface StoredPersonKey {
  personId: string;
  orgKeyId: string;
  keyVersion: number;
  wrapped: Buffer;
  createdAt: Instant;
}

export async function findPersonKey(
  db: OrgQueryable,
  personId: string,
): Promise<StoredPersonKey | null> {
  const rows = await db.query<PersonKeyRow>(
    `select person_id, org_key_id, key_version, wrapped, created_at from person_key
      where org_id = $1 and person_id = $2`,
    [db.org, personId],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    personId: row.person_id,
    orgKeyId: row.org_key_id,
    keyVersion: row.key_version,
    wrapped: row.wrapped,
    createdAt: row.created_at,
  };
}

export async function insertPersonKeys(tx: Tx, keys: readonly StoredPersonKey[]): Promise<void> {
  const rows = keys.map((key) => ({
    person_id: key.personId,
    org_key_id: key.orgKeyId,
    key_version: key.keyVersion,
    wrapped: key.wrapped.toString('hex'),
    created_at: key.createdAt,
  }));
  const source = tx.dialect.rowsOf(
    '$2',
    {
      person_id: 'text',
      org_key_id: 'text',
      key_version: 'integer',
      wrapped: 'text',
      created_at: 'integer',
    },
    'r',
  );
  await tx.execute(
    `insert into person_key (org_id, person_id, org_key_id, key_version, wrapped, created_at)
     select $1, r.person_id, r.org_key_id, r.key_version, ${tx.dialect.bytesOfHex('r.wrapped')},
        r.created_at
       from ${source}`,
    [tx.org, JSON.stringify(rows)],
  );
}

export async function deletePersonKey(tx: Tx, personId: string): Promise<void> {
  await tx.execute(`delete from person_key where org_id = $1 and person_id = $2`, [
    tx.org,
    personId,
  ]);
}

type OrgKeyRow = {
  id: string;
  key_version: number;
  root_kid: string;
  wrapped: Buffer;
  created_at: number;
};

type PersonKeyRow = {
  person_id: string;
  org_key_id: string;
  key_version: number;
  wrapped: Buffer;
  created_at: number;
};
