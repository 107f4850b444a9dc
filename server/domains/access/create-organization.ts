// Opens an organization: its row, the root of its tree, and a first API key with every action, in one
// transaction of the new organization itself. Nothing of another organization is touched.

import { transaction } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { type Actor, tell } from '../audit/index.ts';
import type { KeyEnvironment } from './api-key.ts';
import { createApiKey } from './create-api-key.ts';
import type { ApiKey } from './store-keys.ts';
import { insertNode, insertOrganization, type Organization } from './store-nodes.ts';

export interface MadeOrganization {
  organization: Organization;
  rootNodeId: string;
  key: ApiKey;
  secret: string;
}

export async function createOrganization(
  deps: Pick<Deps, 'databases' | 'ids' | 'world'>,
  wanted: {
    name: string;
    actor: Actor;
    environment: KeyEnvironment;
    apiVersion: string;
    secret?: string;
  },
): Promise<MadeOrganization> {
  const { name, actor, environment, apiVersion } = wanted;
  const createdAt = deps.world.clock.now();
  const organization = {
    id: deps.ids.make('organization'),
    name,
    status: 'active',
    createdAt,
    version: 1,
  };
  const rootNodeId = deps.ids.make('node');
  return transaction(deps.databases.org(organization.id), async (tx) => {
    await insertOrganization(tx, organization);
    await insertNode(tx, {
      id: rootNodeId,
      parentId: null,
      kind: 'organization',
      name,
      createdAt,
      version: 1,
    });
    await tell(deps, tx, {
      type: 'organization.created',
      subject: { kind: 'organization', id: organization.id },
      nodeId: rootNodeId,
      actor,
      data: {},
    });
    const made = await createApiKey(deps, tx, {
      name: 'First key',
      nodeId: rootNodeId,
      scopes: ['*'],
      expiresAt: null,
      apiVersion,
      environment,
      actor,
      ...(wanted.secret === undefined ? {} : { secret: wanted.secret }),
    });
    return { organization, rootNodeId, ...made };
  });
}
