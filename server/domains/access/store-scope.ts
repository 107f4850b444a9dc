// The one predicate of reach, as SQL text. It answers lists and, asked of one node, the check, so the
// two cannot disagree. The set form on purpose: it is several times faster than `exists` per row.

import type { OrgQueryable } from '../../platform/database/database.ts';
import type { Dialect } from '../../platform/database/dialect.ts';
import type { Scope } from '../../platform/http/route.ts';

export type NodeScope = typeof nodeScope;

/**
 * True for rows whose node is in reach. For statements of one organization, whose first parameter is
 * the organization; the other two hold `scope.allow` and `scope.deny`:
 * `where d.org_id = $1 and ${nodeScope(db.dialect, 'd.node_id', '$2', '$3')}`.
 */
export function nodeScope(
  dialect: Dialect,
  column: string,
  allowParam: string,
  denyParam: string,
): string {
  const below = (param: string): string =>
    `select scope.descendant_id from node_closure scope
      where scope.org_id = $1 and scope.ancestor_id in (${dialect.textsOf(param)})`;
  return `(${column} in (${below(allowParam)}) and ${column} not in (${below(denyParam)}))`;
}

export async function isInScope(db: OrgQueryable, scope: Scope, nodeId: string): Promise<boolean> {
  const rows = await db.query(
    `select n.id from node n
      where n.org_id = $1 and n.id = $2 and ${nodeScope(db.dialect, 'n.id', '$3', '$4')}`,
    [db.org, nodeId, scope.allow, scope.deny],
  );
  return rows.length === 1;
}
