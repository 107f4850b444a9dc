// Where a node itself stands in the tree: there, if it exists.

import type { Databases, OrgQueryable } from '../../platform/database/database.ts';
import { remembered } from '../../platform/database/remembered.ts';
import { findNode } from './store-nodes.ts';

/** A node that was made stays, so that it is looked for once in a process. */
const existing = remembered<true>();

export async function existingNode(
  databases: Databases,
  db: OrgQueryable,
  id: string,
): Promise<string | null> {
  const known = existing(databases);
  const key = `${db.org}/${id}`;
  if (known.has(key)) return id;
  if ((await findNode(db, id)) === null) return null;
  known.set(key, true);
  return id;
}
