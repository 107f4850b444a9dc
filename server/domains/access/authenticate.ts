// Turns a bearer credential into a caller. Status of key, principal and organization is read at every
// request, so a revocation bites at once. Says only null: why a credential failed is nobody's business.

import type { Databases, EngineDatabase } from '../../platform/database/database.ts';
import { transaction } from '../../platform/database/database.ts';
import { remembered } from '../../platform/database/remembered.ts';
import type { Deps } from '../../platform/deps.ts';
import type { Caller } from '../../platform/http/route.ts';
import { MINUTE_MS } from '../../shared/instant.ts';
import { toError } from '../../shared/errors.ts';
import { ACTIONS, DEVICE_SELF } from './actions.ts';
import { hashMatches, prefixOf } from './api-key.ts';
import { type Credential, findCredential, updateLastUsed } from './store-keys.ts';
import { findRoot } from './store-nodes.ts';

/** `last_used_at` is worth one write a minute and not one per request. */
const LAST_USED_EVERY_MS = MINUTE_MS;

export async function authenticate(deps: Deps, bearer: string): Promise<Caller | null> {
  const prefix = prefixOf(bearer);
  if (prefix === null) return null;
  const credential = await findLive(deps.databases.engine, prefix, deps.world.clock.now());
  if (credential === null || !hashMatches(bearer, credential.secretHash)) return null;
  await noteUse(deps, credential);
  const { orgId, key } = credential;
  return {
    orgId,
    principalId: key.principalId,
    kind: 'api_key',
    credentialId: key.id,
    actions: new Set(key.scopes.includes('*') ? ACTIONS : key.scopes),
    nodeIds: [key.nodeId],
    atRoot: key.nodeId === (await rootOf(deps.databases, orgId)),
    apiVersion: key.apiVersion,
  };
}

/** The caller that a connected device is. Its own node is its whole reach. */
export function deviceCaller(device: { orgId: string; id: string; nodeId: string }): Caller {
  return {
    orgId: device.orgId,
    principalId: device.id,
    kind: 'device',
    credentialId: device.id,
    actions: new Set(DEVICE_SELF),
    nodeIds: [device.nodeId],
    atRoot: false,
    apiVersion: '',
  };
}

/** An organization has the same root from its first moment to its last. */
const roots = remembered<string>();

async function rootOf(databases: Databases, orgId: string): Promise<string> {
  const known = roots(databases);
  const id = known.get(orgId) ?? (await findRoot(databases.org(orgId))).id;
  known.set(orgId, id);
  return id;
}

async function findLive(
  db: EngineDatabase,
  prefix: string,
  now: number,
): Promise<Credential | null> {
  const credential = await findCredential(db, prefix);
  if (credential === null) return null;
  const { key, principalStatus, organizationStatus } = credential;
  const expired = key.expiresAt !== null && key.expiresAt <= now;
  if (key.status !== 'active' || expired) return null;
  return principalStatus === 'active' && organizationStatus === 'active' ? credential : null;
}

/** A failed note must not refuse a request that is otherwise right; it is tried again in a minute. */
async function noteUse(deps: Deps, { orgId, key }: Credential): Promise<void> {
  const at = deps.world.clock.now();
  const before = at - LAST_USED_EVERY_MS;
  if (key.lastUsedAt !== null && key.lastUsedAt > before) return;
  try {
    await transaction(deps.databases.org(orgId), (tx) =>
      updateLastUsed(tx, key.id, { at, before }),
    );
  } catch (thrown) {
    deps.log.warn({ err: toError(thrown), key_id: key.id }, 'last use of an API key was not noted');
  }
}
