// All SQL over person. Every statement names the organization first.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Scope } from '../../platform/http/route.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import { nodeScope } from '../access/index.ts';
import type { Person, PersonStatus } from './person.ts';

const COLUMNS =
  'p.id, p.node_id, p.external_ref, p.display_name, p.status, p.created_at, p.version';

const INSERT_PERSON = `insert into person (org_id, id, node_id, external_ref, display_name, status,
    created_at, version)
  values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (org_id, external_ref) do nothing`;

/** False when the external reference is taken; nothing is stored then. */
export async function insertPerson(tx: Tx, person: Person): Promise<boolean> {
  const { id, nodeId, externalRef, displayName, status, createdAt, version } = person;
  const row = [tx.org, id, nodeId, externalRef, displayName, status, createdAt, version];
  if (externalRef !== null) return (await tx.execute(INSERT_PERSON, row)) === 1;
  tx.send(INSERT_PERSON, row);
  return true;
}

/** Inserts many in one statement; returns the ids of those whose external reference was free. */
export async function insertPeople(tx: Tx, people: readonly Person[]): Promise<string[]> {
  const rows = people.map((person) => ({
    id: person.id,
    node_id: person.nodeId,
    external_ref: person.externalRef,
    display_name: person.displayName,
    status: person.status,
    created_at: person.createdAt,
    version: person.version,
  }));
  const source = tx.dialect.rowsOf(
    '$2',
    {
      id: 'text',
      node_id: 'text',
      external_ref: 'text',
      display_name: 'text',
      status: 'text',
      created_at: 'integer',
      version: 'integer',
    },
    'r',
  );
  const stored = await tx.query<{ id: string }>(
    `insert into person (org_id, id, node_id, external_ref, display_name, status, created_at, version)
     select $1, r.id, r.node_id, r.external_ref, r.display_name, r.status, r.created_at, r.version
       from ${source} where true
     on conflict (org_id, external_ref) do nothing returning id`,
    [tx.org, JSON.stringify(rows)],
  );
  return stored.map((row) => row.id);
}

export async function findPerson(db: OrgQueryable, id: string): Promise<Person | null> {
  const rows = await db.query<PersonRow>(
    `select ${COLUMNS} from person p where p.org_id = $1 and p.id = $2`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toPerson(rows[0]);
}

/** Locks the row until the end of the transaction: consents, keys and templates hang on it. */
export async function lockPersonRow(tx: Tx, id: string): Promise<Person | null> {
  const rows = await tx.query<PersonRow>(
    `select ${COLUMNS} from person p where p.org_id = $1 and p.id = $2 ${tx.dialect.forUpdate}`,
    [tx.org, id],
  );
  return rows[0] === undefined ? null : toPerson(rows[0]);
}

export async function findPeopleByRef(
  db: OrgQueryable,
  externalRefs: readonly string[],
): Promise<Person[]> {
  const rows = await db.query<PersonRow>(
    `select ${COLUMNS} from person p
      where p.org_id = $1 and p.external_ref in (${db.dialect.textsOf('$2')})`,
    [db.org, JSON.stringify(externalRefs)],
  );
  return rows.map(toPerson);
}

export async function listPeople(
  db: OrgQueryable,
  filter: { scope: Scope; nodeId: string | null; externalRef: string | null },
  page: PageRequest,
): Promise<Page<Person>> {
  const rows = await db.query<PersonRow>(
    `select ${COLUMNS} from person p
      where p.org_id = $1 and p.id > $4 and ${nodeScope(db.dialect, 'p.node_id', '$2', '$3')}
        and ($5 = '' or p.node_id = $5) and ($6 = '' or p.external_ref = $6)
      order by p.id limit $7`,
    [
      db.org,
      filter.scope.allow,
      filter.scope.deny,
      page.after ?? '',
      filter.nodeId ?? '',
      filter.externalRef ?? '',
      page.limit + 1,
    ],
  );
  return toPage(rows.map(toPerson), page.limit);
}

/** False when the row has another version by now. */
export async function updatePerson(tx: Tx, person: Person, fromVersion: number): Promise<boolean> {
  const count = await tx.execute(
    `update person set node_id = $3, external_ref = $4, display_name = $5, status = $6, version = $7
      where org_id = $1 and id = $2 and version = $8`,
    [
      tx.org,
      person.id,
      person.nodeId,
      person.externalRef,
      person.displayName,
      person.status,
      person.version,
      fromVersion,
    ],
  );
  return count === 1;
}

type PersonRow = {
  id: string;
  node_id: string;
  external_ref: string | null;
  display_name: string;
  status: string;
  created_at: number;
  version: number;
};

function toPerson(row: PersonRow): Person {
  return {
    id: row.id,
    nodeId: row.node_id,
    externalRef: row.external_ref,
    displayName: row.display_name,
    status: row.status as PersonStatus,
    createdAt: row.created_at,
    version: row.version,
  };
}
