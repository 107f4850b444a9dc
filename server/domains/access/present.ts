// Nouns of access → JSON.

import type { Caller } from '../../platform/http/route.ts';
import { toRfc3339, toRfc3339OrNull } from '../../shared/instant.ts';
import type { TreeNode } from './node.ts';
import type { ApiKey } from './store-keys.ts';
import type { Organization } from './store-nodes.ts';

export function presentOrganization(organization: Organization, rootNodeId: string): object {
  const { id, name, status, createdAt, version } = organization;
  return { id, name, status, root_node_id: rootNodeId, created_at: toRfc3339(createdAt), version };
}

export function presentNode(node: TreeNode): object {
  const { id, parentId, kind, name, createdAt, version } = node;
  return { id, parent_id: parentId, kind, name, created_at: toRfc3339(createdAt), version };
}

export function presentApiKey(key: ApiKey): object {
  return {
    id: key.id,
    principal_id: key.principalId,
    node_id: key.nodeId,
    name: key.name,
    prefix: key.prefix,
    last_four: key.lastFour,
    scopes: key.scopes,
    status: key.status,
    api_version: key.apiVersion,
    created_at: toRfc3339(key.createdAt),
    expires_at: toRfc3339OrNull(key.expiresAt),
    last_used_at: toRfc3339OrNull(key.lastUsedAt),
    version: key.version,
  };
}

export function presentCaller(caller: Caller): object {
  return {
    organization_id: caller.orgId,
    principal_id: caller.principalId,
    kind: caller.kind,
    credential_id: caller.credentialId,
    node_ids: caller.nodeIds,
    actions: [...caller.actions].toSorted(),
    api_version: caller.apiVersion,
  };
}
