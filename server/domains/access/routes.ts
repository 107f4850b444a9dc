// The table of access routes.

import { transaction } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { type AnyRoute, type Caller, route } from '../../platform/http/route.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import { DAY_MS } from '../../shared/instant.ts';
import type { Actor } from '../audit/index.ts';
import { ACTIONS } from './actions.ts';
import type { KeyEnvironment } from './api-key.ts';
import { createApiKey } from './create-api-key.ts';
import { createNode } from './create-node.ts';
import { presentApiKey, presentCaller, presentNode, presentOrganization } from './present.ts';
import { revokeApiKey } from './revoke-api-key.ts';
import * as schemas from './schemas.ts';
import { findApiKey, listApiKeys } from './store-keys.ts';
import { findNode, findOrganization, findRoot, listNodes } from './store-nodes.ts';

export interface AccessSettings {
  /** `test` keys for the evaluation profile; the two never mix. */
  environment: KeyEnvironment;
  /** The dated version that new keys are pinned to. */
  apiVersion: string;
}

export function accessRoutes(deps: Deps, settings: AccessSettings): readonly AnyRoute[] {
  return [...organizationRoutes(), ...nodeRoutes(deps), ...apiKeyRoutes(deps, settings)];
}

function organizationRoutes(): readonly AnyRoute[] {
  return [
    route({
      operationId: 'getWhoAmI',
      method: 'GET',
      path: '/v1/whoami',
      summary: 'Who this credential is and what it may do',
      tag: 'Access',
      action: 'authenticated',
      resource: 'none',
      idempotency: 'none',
      answer: schemas.WhoAmI,
      status: 200,
      run: async ({ caller }) => caller,
      present: presentCaller,
    }),
    route({
      operationId: 'getOrganization',
      method: 'GET',
      path: '/v1/organization',
      summary: 'The organization of this credential',
      tag: 'Access',
      action: 'organization.read',
      resource: 'none',
      idempotency: 'none',
      answer: schemas.Organization,
      problems: ['not_found'],
      status: 200,
      run: async ({ db }) => {
        const organization = await findOrganization(db);
        if (organization === null) throw notFound('organization', db.org);
        return { ...organization, rootNodeId: (await findRoot(db)).id };
      },
      present: (found) => presentOrganization(found, found.rootNodeId),
      versionOf: (found) => found.version,
    }),
  ];
}

function nodeRoutes(deps: Deps): readonly AnyRoute[] {
  return [
    route({
      operationId: 'createNode',
      method: 'POST',
      path: '/v1/nodes',
      summary: 'Put a site, zone or population into the tree',
      tag: 'Access',
      action: 'node.create',
      resource: { kind: 'node', bodyField: 'parent_id' },
      idempotency: 'accepted',
      body: schemas.NewNode,
      answer: schemas.Node,
      problems: ['limit_exceeded'],
      status: 201,
      run: ({ db, body, caller, traceId }) =>
        transaction(db, (tx) =>
          createNode(deps, tx, {
            parentId: body.parent_id,
            kind: body.kind,
            name: body.name,
            actor: actorOf(caller),
            traceId,
          }),
        ),
      present: presentNode,
      versionOf: (node) => node.version,
      locationOf: (node) => `/v1/nodes/${node.id}`,
    }),
    route({
      operationId: 'listNodes',
      method: 'GET',
      path: '/v1/nodes',
      summary: 'The nodes within reach',
      tag: 'Access',
      action: 'node.read',
      resource: 'collection',
      idempotency: 'none',
      pagination: 'cursor',
      query: schemas.NodeFilter,
      answer: schemas.Node,
      status: 200,
      run: ({ db, scope, query, page }) =>
        listNodes(db, { scope, kind: query.kind ?? null, parentId: query.parent_id ?? null }, page),
      present: (page) => page.data.map(presentNode),
    }),
    route({
      operationId: 'getNode',
      method: 'GET',
      path: '/v1/nodes/:node_id',
      summary: 'One node',
      tag: 'Access',
      action: 'node.read',
      resource: { kind: 'node', param: 'node_id' },
      idempotency: 'none',
      params: schemas.NodeParams,
      answer: schemas.Node,
      status: 200,
      run: async ({ db, params }) => {
        const node = await findNode(db, params.node_id);
        if (node === null) throw notFound('node', params.node_id);
        return node;
      },
      present: presentNode,
      versionOf: (node) => node.version,
    }),
  ];
}

function apiKeyRoutes(deps: Deps, settings: AccessSettings): readonly AnyRoute[] {
  return [
    route({
      operationId: 'createApiKey',
      method: 'POST',
      path: '/v1/api-keys',
      summary: 'Make an API key',
      description:
        'A key can be given only actions that the calling key has itself, on a node it reaches. ' +
        'The secret is answered once.',
      tag: 'Access',
      action: 'api_key.create',
      resource: { kind: 'node', bodyField: 'node_id' },
      idempotency: 'accepted',
      body: schemas.NewApiKey,
      answer: schemas.CreatedApiKey,
      status: 201,
      run: ({ db, body, caller, traceId }) => {
        refuseEscalation(caller, body.scopes);
        const expiresAt = deps.world.clock.now() + body.expires_in_days * DAY_MS;
        return transaction(db, (tx) =>
          createApiKey(deps, tx, {
            name: body.name,
            nodeId: body.node_id,
            scopes: body.scopes,
            principalId: body.principal_id ?? null,
            expiresAt,
            ...settings,
            actor: actorOf(caller),
            traceId,
          }),
        );
      },
      present: ({ key, secret }) => ({ ...presentApiKey(key), secret }),
      versionOf: ({ key }) => key.version,
      locationOf: ({ key }) => `/v1/api-keys/${key.id}`,
    }),
    route({
      operationId: 'listApiKeys',
      method: 'GET',
      path: '/v1/api-keys',
      summary: 'The API keys within reach',
      tag: 'Access',
      action: 'api_key.read',
      resource: 'collection',
      idempotency: 'none',
      pagination: 'cursor',
      answer: schemas.ApiKey,
      status: 200,
      run: ({ db, scope, page }) => listApiKeys(db, scope, page),
      present: (page) => page.data.map(presentApiKey),
    }),
    route({
      operationId: 'getApiKey',
      method: 'GET',
      path: '/v1/api-keys/:api_key_id',
      summary: 'One API key, without its secret',
      tag: 'Access',
      action: 'api_key.read',
      resource: { kind: 'api_key', param: 'api_key_id' },
      idempotency: 'none',
      params: schemas.ApiKeyParams,
      answer: schemas.ApiKey,
      status: 200,
      run: async ({ db, params }) => {
        const key = await findApiKey(db, params.api_key_id);
        if (key === null) throw notFound('API key', params.api_key_id);
        return key;
      },
      present: presentApiKey,
      versionOf: (key) => key.version,
    }),
    route({
      operationId: 'revokeApiKey',
      method: 'DELETE',
      path: '/v1/api-keys/:api_key_id',
      summary: 'Revoke an API key, at once and for good',
      tag: 'Access',
      action: 'api_key.revoke',
      resource: { kind: 'api_key', param: 'api_key_id' },
      idempotency: 'accepted',
      params: schemas.ApiKeyParams,
      answer: schemas.ApiKey,
      status: 200,
      run: ({ db, params, caller, traceId }) =>
        transaction(db, (tx) =>
          revokeApiKey(deps, tx, { id: params.api_key_id, actor: actorOf(caller), traceId }),
        ),
      present: presentApiKey,
      versionOf: (key) => key.version,
    }),
  ];
}

export function actorOf(caller: Caller): Actor {
  return { kind: caller.kind, id: caller.credentialId };
}

/** Nobody grants what he has not: the new key's actions are among the caller's own. */
function refuseEscalation(caller: Caller, scopes: readonly string[]): void {
  const wanted = scopes.includes('*') ? ACTIONS : scopes;
  const surplus = wanted.filter((action) => !caller.actions.has(action));
  if (surplus.length === 0) return;
  throw new AppError(
    'forbidden',
    `A key can be given only actions that the calling key has; it lacks ${surplus.join(', ')}.`,
  );
}
