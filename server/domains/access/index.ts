// The only door of access: organizations, the resource tree, credentials, and who may reach what.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { AnyRoute, Caller } from '../../platform/http/route.ts';
import type { Actor } from '../audit/index.ts';
import { authenticate } from './authenticate.ts';
import { createApiKey, type MadeApiKey, type NewApiKey } from './create-api-key.ts';
import { createOrganization, type MadeOrganization } from './create-organization.ts';
import { existingNode } from './existing-node.ts';
import { accessRoutes, type AccessSettings } from './routes.ts';
import { can, reachesAll, scopeOf } from './scope.ts';
import { findApiKey } from './store-keys.ts';

export { ACTIONS, type Action, DEVICE_SELF, isAction } from './actions.ts';
export { API_KEY_PATTERN, type KeyEnvironment, makeKeyText } from './api-key.ts';
export { deviceCaller } from './authenticate.ts';
export { createNode, type NewNode } from './create-node.ts';
export type { MadeApiKey, NewApiKey } from './create-api-key.ts';
export type { MadeOrganization } from './create-organization.ts';
export type { NodeKind, TreeNode } from './node.ts';
export { actorOf, type AccessSettings } from './routes.ts';
export { can, scopeOf } from './scope.ts';
export { findAncestor, findNode, findRoot, listOrganizationIds } from './store-nodes.ts';
export { nodeScope, type NodeScope } from './store-scope.ts';

/** Finds the node of a resource; null when there is no such resource in this organization. */
export type Locator = (db: OrgQueryable, id: string) => Promise<string | null>;

export interface Access {
  authenticate(bearer: string): Promise<Caller | null>;
  can: typeof can;
  reachesAll: typeof reachesAll;
  scopeOf: typeof scopeOf;
  createOrganization(wanted: {
    name: string;
    actor: Actor;
    /** The first key's text, where it was made elsewhere. */
    secret?: string;
  }): Promise<MadeOrganization>;
  createApiKey(tx: Tx, wanted: Omit<NewApiKey, 'apiVersion'>): Promise<MadeApiKey>;
  /** For the http room: where the resources of this domain stand in the tree. */
  locators: Readonly<Record<string, Locator>>;
  routes: readonly AnyRoute[];
}

export function createAccess(deps: Deps, settings: AccessSettings): Access {
  return {
    authenticate: (bearer) => authenticate(deps, bearer),
    can,
    reachesAll,
    scopeOf,
    createOrganization: (wanted) => createOrganization(deps, { ...wanted, ...settings }),
    createApiKey: (tx, wanted) => createApiKey(deps, tx, { ...wanted, ...settings }),
    locators: {
      node: (db, id) => existingNode(deps.databases, db, id),
      api_key: async (db, id) => (await findApiKey(db, id))?.nodeId ?? null,
    },
    routes: accessRoutes(deps, settings),
  };
}
