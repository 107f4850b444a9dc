// May this caller put a person there? A node out of reach and a missing one read the same.

import type { OrgQueryable } from '../../platform/database/database.ts';
import type { Caller } from '../../platform/http/route.ts';
import { notFound } from '../../shared/errors.ts';
import { can } from '../access/index.ts';

export async function requireReach(
  db: OrgQueryable,
  { caller, action, nodeId }: { caller: Caller; action: string; nodeId: string },
): Promise<void> {
  if (!(await can(db, caller, action, nodeId))) throw notFound('node', nodeId);
}
