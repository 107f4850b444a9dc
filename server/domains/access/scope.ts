// Permission: what a caller may reach for one action, and whether one node is within it.

import type { OrgQueryable } from '../../platform/database/database.ts';
import type { Caller, Scope } from '../../platform/http/route.ts';
import { isInScope } from './store-scope.ts';

const NOWHERE: Scope = { allow: '[]', deny: '[]' };

/** The caller's reach for one action. Deny wins whatever its depth; API keys and devices carry none. */
export function scopeOf(caller: Caller, action: string): Scope {
  if (!caller.actions.has(action)) return NOWHERE;
  return { allow: JSON.stringify(caller.nodeIds), deny: '[]' };
}

export async function can(
  db: OrgQueryable,
  caller: Caller,
  action: string,
  nodeId: string,
): Promise<boolean> {
  if (caller.orgId !== db.org) return false;
  return isInScope(db, scopeOf(caller, action), nodeId);
}
