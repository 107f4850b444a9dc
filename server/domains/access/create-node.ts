// Puts a node into the tree, with its rows of the closure and its event. A wrong parent is refused with
// the kinds that would do.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import { type Actor, tell } from '../audit/index.ts';
import { mayStandUnder, NODE_DEPTH_MAX, type NodeKind, parentsOf, type TreeNode } from './node.ts';
import { depthOf, findNode, insertNode } from './store-nodes.ts';

export interface NewNode {
  parentId: string;
  kind: NodeKind;
  name: string;
  actor: Actor;
  traceId?: string | null;
}

export async function createNode(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  wanted: NewNode,
): Promise<TreeNode> {
  const { parentId, kind, name } = wanted;
  const parent = await findNode(tx, parentId);
  if (parent === null) throw notFound('node', parentId);
  if (!mayStandUnder(kind, parent.kind)) {
    throw new AppError(
      'validation_failed',
      `A ${kind} stands under ${parentsOf(kind).join(' or ')}; the parent ${parentId} is a ${parent.kind}.`,
    );
  }
  if ((await depthOf(tx, parentId)) >= NODE_DEPTH_MAX) {
    throw new AppError(
      'limit_exceeded',
      `Expected a tree of at most ${NODE_DEPTH_MAX} levels; the parent ${parentId} is on the last one.`,
      { data: { limit: NODE_DEPTH_MAX } },
    );
  }
  const node: TreeNode = {
    id: deps.ids.make('node'),
    parentId,
    kind,
    name,
    createdAt: deps.world.clock.now(),
    version: 1,
  };
  await insertNode(tx, node);
  await tell(deps, tx, {
    type: 'node.created',
    subject: { kind: 'node', id: node.id },
    nodeId: node.id,
    actor: wanted.actor,
    data: { kind, parent_id: parentId },
    traceId: wanted.traceId ?? null,
  });
  return node;
}
