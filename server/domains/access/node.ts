// The noun: a place in an organization's one resource tree, and which kind may stand under which.

import type { Instant } from '../../shared/world.ts';

export const NODE_KINDS = ['organization', 'site', 'zone', 'device', 'population'] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

export interface TreeNode {
  id: string;
  parentId: string | null;
  kind: NodeKind;
  name: string;
  createdAt: Instant;
  version: number;
}

const PARENTS: Readonly<Record<NodeKind, readonly NodeKind[]>> = {
  organization: [],
  site: ['organization'],
  zone: ['site', 'zone'],
  device: ['site', 'zone'],
  population: ['organization', 'site'],
};

/** Every level costs a row per node in the closure; sixteen is far beyond any building. */
export const NODE_DEPTH_MAX = 16;

export function mayStandUnder(kind: NodeKind, parent: NodeKind): boolean {
  return PARENTS[kind].includes(parent);
}

export function parentsOf(kind: NodeKind): readonly NodeKind[] {
  return PARENTS[kind];
}
