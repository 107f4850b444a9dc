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

/** Nothing of the organization is out of the caller's reach for this action. Asks no database. */
export function reachesAll(caller: Caller, action: string): boolean {
  return caller.atRoot && scopeOf(caller, action).deny === '[]' && caller.actions.has(action);
}

export async function can(
  db: OrgQueryable,
  caller: Caller,
  action: string,
  nodeId: string,
): Promise<boolean> {
  if (caller.orgId !== db.org) return false;
  // Its own place, as a terminal's: there by the credential itself.
  if (caller.nodeIds.includes(nodeId) && scopeOf(caller, action).deny === '[]')
    return caller.actions.has(action);
  return isInScope(db, scopeOf(caller, action), nodeId);
}
