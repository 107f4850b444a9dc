// SQL over principals and API keys. The look-up by prefix crosses organizations and runs as the engine;
// everything else belongs to one organization. The secret itself is nowhere: only its digest is stored.

import type { EngineDatabase, OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Scope } from '../../platform/http/route.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';
import { nodeScope } from './store-scope.ts';

export interface Principal {
  id: string;
  kind: 'service_account';
  name: string;
  status: 'active' | 'disabled';
  createdAt: Instant;
  version: number;
}

export interface ApiKey {
  id: string;
  principalId: string;
  nodeId: string;
  name: string;
  prefix: string;
  lastFour: string;
  /** Actions, or `*` for all there are. */
  scopes: readonly string[];
  status: 'active' | 'revoked';
  apiVersion: string;
  createdAt: Instant;
  expiresAt: Instant | null;
  lastUsedAt: Instant | null;
  version: number;
}

/** What authentication needs of a key, read at every request. */
export interface Credential {
  orgId: string;
  key: ApiKey;
  secretHash: string;
  principalStatus: string;
  organizationStatus: string;
}

const KEY_COLUMNS = `k.id, k.principal_id, k.node_id, k.name, k.prefix, k.last_four, k.scopes, k.status,
  k.api_version, k.created_at, k.expires_at, k.last_used_at, k.version`;

export async function insertPrincipal(tx: Tx, principal: Principal): Promise<void> {
  const { id, kind, name, status, createdAt, version } = principal;
  await tx.execute(
    `insert into principal (org_id, id, kind, name, status, created_at, version)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [tx.org, id, kind, name, status, createdAt, version],
  );
}

export async function findPrincipal(db: OrgQueryable, id: string): Promise<Principal | null> {
  const rows = await db.query<Record<string, string & number>>(
    `select id, kind, name, status, created_at, version from principal
      where org_id = $1 and id = $2`,
    [db.org, id],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { id: found, kind, name, status, created_at: createdAt, version } = row;
  return { id: found, kind, name, status, createdAt, version } as unknown as Principal;
}

export async function insertApiKey(tx: Tx, key: ApiKey & { secretHash: string }): Promise<void> {
  await tx.execute(
    `insert into api_key (org_id, id, principal_id, node_id, name, prefix, last_four, secret_hash,
       scopes, status, api_version, created_at, expires_at, last_used_at, version)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, null, $14)`,
    [
      tx.org,
      key.id,
      key.principalId,
      key.nodeId,
      key.name,
      key.prefix,
      key.lastFour,
      key.secretHash,
      JSON.stringify(key.scopes),
      key.status,
      key.apiVersion,
      key.createdAt,
      key.expiresAt,
      key.version,
    ],
  );
}

export async function findCredential(
  db: EngineDatabase,
  prefix: string,
): Promise<Credential | null> {
  const rows = await db.query<KeyRow & CredentialRow>(
    `select ${KEY_COLUMNS}, k.org_id, k.secret_hash, p.status as principal_status,
        o.status as organization_status
       from api_key k
       join principal p on p.org_id = k.org_id and p.id = k.principal_id
       join organization o on o.id = k.org_id
      where k.prefix = $1`,
    [prefix],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    orgId: row.org_id,
    key: toKey(row),
    secretHash: row.secret_hash,
    principalStatus: row.principal_status,
    organizationStatus: row.organization_status,
  };
}

export async function findApiKey(db: OrgQueryable, id: string): Promise<ApiKey | null> {
  const rows = await db.query<KeyRow>(
    `select ${KEY_COLUMNS} from api_key k where k.org_id = $1 and k.id = $2`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toKey(rows[0]);
}

export async function listApiKeys(
  db: OrgQueryable,
  scope: Scope,
  page: PageRequest,
): Promise<Page<ApiKey>> {
  const rows = await db.query<KeyRow>(
    `select ${KEY_COLUMNS} from api_key k
      where k.org_id = $1 and k.id > $4 and ${nodeScope(db.dialect, 'k.node_id', '$2', '$3')}
      order by k.id limit $5`,
    [db.org, scope.allow, scope.deny, page.after ?? '', page.limit + 1],
  );
  return toPage(rows.map(toKey), page.limit);
}

/** Returns whether the key was active until now. */
export async function updateRevoked(tx: Tx, id: string): Promise<boolean> {
  const touched = await tx.execute(
    `update api_key set status = 'revoked', version = version + 1
      where org_id = $1 and id = $2 and status = 'active'`,
    [tx.org, id],
  );
  return touched === 1;
}

export async function updateLastUsed(
  tx: Tx,
  id: string,
  { at, before }: { at: Instant; before: Instant },
): Promise<void> {
  await tx.execute(
    `update api_key set last_used_at = $3
      where org_id = $1 and id = $2 and (last_used_at is null or last_used_at <= $4)`,
    [tx.org, id, at, before],
  );
}

type CredentialRow = {
  org_id: string;
  secret_hash: string;
  principal_status: string;
  organization_status: string;
};

type KeyRow = {
  id: string;
  principal_id: string;
  node_id: string;
  name: string;
  prefix: string;
  last_four: string;
  scopes: string;
  status: string;
  api_version: string;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  version: number;
};

function toKey(row: KeyRow): ApiKey {
  return {
    id: row.id,
    principalId: row.principal_id,
    nodeId: row.node_id,
    name: row.name,
    prefix: row.prefix,
    lastFour: row.last_four,
    scopes: JSON.parse(row.scopes) as string[],
    status: row.status as ApiKey['status'],
    apiVersion: row.api_version,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    version: row.version,
  };
}
