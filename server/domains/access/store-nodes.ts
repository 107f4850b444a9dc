// SQL over organizations, their nodes and the closure of the tree. The closure holds every pair of
// ancestor and descendant, a node with itself included.

import type { EngineDatabase, OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Scope } from '../../platform/http/route.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import { present } from '../../shared/assert.ts';
import type { Instant } from '../../shared/world.ts';
import type { NodeKind, TreeNode } from './node.ts';
import { nodeScope } from './store-scope.ts';

export interface Organization {
  id: string;
  name: string;
  status: string;
  createdAt: Instant;
  version: number;
}

export async function insertOrganization(tx: Tx, organization: Organization): Promise<void> {
  const { id, name, status, createdAt, version } = organization;
  await tx.execute(
    `insert into organization (id, name, status, created_at, version) values ($1, $2, $3, $4, $5)`,
    [id, name, status, createdAt, version],
  );
}

export async function findOrganization(db: OrgQueryable): Promise<Organization | null> {
  const rows = await db.query<{ id: string; name: string; status: string } & Stamps>(
    `select id, name, status, created_at, version from organization where id = $1`,
    [db.org],
  );
  const row = rows[0];
  if (row === undefined) return null;
  const { id, name, status, created_at: createdAt, version } = row;
  return { id, name, status, createdAt, version };
}

/** For the engine's start: every organization of this appliance. */
export async function listOrganizationIds(engine: EngineDatabase): Promise<readonly string[]> {
  const rows = await engine.query<{ id: string }>(`select id from organization order by id`);
  return rows.map((row) => row.id);
}

export async function insertNode(tx: Tx, node: TreeNode): Promise<void> {
  await tx.execute(
    `insert into node (org_id, id, parent_id, kind, name, created_at, version)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [tx.org, node.id, node.parentId, node.kind, node.name, node.createdAt, node.version],
  );
  await tx.execute(
    `insert into node_closure (org_id, ancestor_id, descendant_id, depth) values ($1, $2, $2, 0)`,
    [tx.org, node.id],
  );
  await tx.execute(
    `insert into node_closure (org_id, ancestor_id, descendant_id, depth)
     select up.org_id, up.ancestor_id, cast($2 as text), up.depth + 1
       from node_closure up where up.org_id = $1 and up.descendant_id = $3`,
    [tx.org, node.id, node.parentId ?? ''],
  );
}

export async function depthOf(db: OrgQueryable, nodeId: string): Promise<number> {
  const rows = await db.query<{ depth: number }>(
    `select count(*) as depth from node_closure where org_id = $1 and descendant_id = $2`,
    [db.org, nodeId],
  );
  return rows[0]?.depth ?? 0;
}

export async function findNode(db: OrgQueryable, id: string): Promise<TreeNode | null> {
  const rows = await db.query<NodeRow>(
    `select id, parent_id, kind, name, created_at, version from node where org_id = $1 and id = $2`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toNode(rows[0]);
}

/** Every organization has one: it is made in the transaction that makes the organization. */
export async function findRoot(db: OrgQueryable): Promise<TreeNode> {
  const rows = await db.query<NodeRow>(
    `select id, parent_id, kind, name, created_at, version from node
      where org_id = $1 and parent_id is null`,
    [db.org],
  );
  return toNode(present(rows[0], 'the root of an organization'));
}

/** The nearest node of that kind at or above the given one, e.g. the site of a terminal. */
export async function findAncestor(
  db: OrgQueryable,
  nodeId: string,
  kind: NodeKind,
): Promise<TreeNode | null> {
  const rows = await db.query<NodeRow>(
    `select n.id, n.parent_id, n.kind, n.name, n.created_at, n.version
       from node_closure c join node n on n.org_id = c.org_id and n.id = c.ancestor_id
      where c.org_id = $1 and c.descendant_id = $2 and n.kind = $3 order by c.depth limit 1`,
    [db.org, nodeId, kind],
  );
  return rows[0] === undefined ? null : toNode(rows[0]);
}

export async function listNodes(
  db: OrgQueryable,
  filter: { scope: Scope; kind: string | null; parentId: string | null },
  page: PageRequest,
): Promise<Page<TreeNode>> {
  const rows = await db.query<NodeRow>(
    `select n.id, n.parent_id, n.kind, n.name, n.created_at, n.version from node n
      where n.org_id = $1 and n.id > $4 and ${nodeScope(db.dialect, 'n.id', '$2', '$3')}
        and ($5 = '' or n.kind = $5) and ($6 = '' or n.parent_id = $6)
      order by n.id limit $7`,
    [
      db.org,
      filter.scope.allow,
      filter.scope.deny,
      page.after ?? '',
      filter.kind ?? '',
      filter.parentId ?? '',
      page.limit + 1,
    ],
  );
  return toPage(rows.map(toNode), page.limit);
}

type Stamps = { created_at: number; version: number };
type NodeRow = { id: string; parent_id: string | null; kind: string; name: string } & Stamps;

function toNode(row: NodeRow): TreeNode {
  return {
    id: row.id,
    parentId: row.parent_id,
    kind: row.kind as NodeKind,
    name: row.name,
    createdAt: row.created_at,
    version: row.version,
  };
}
