// Shapes of requests and answers of the access routes; types are inferred from them.

import { z } from 'zod';
import { ACTIONS } from './actions.ts';
import { NODE_KINDS } from './node.ts';

const name = z.string().trim().min(1).max(200);
const at = z.iso.datetime();

export const Organization = z
  .object({
    id: z.string(),
    name: z.string(),
    status: z.string(),
    root_node_id: z.string(),
    created_at: at,
    version: z.int(),
  })
  .meta({ id: 'Organization' });

export const Node = z
  .object({
    id: z.string(),
    parent_id: z.string().nullable(),
    kind: z.enum(NODE_KINDS),
    name: z.string(),
    created_at: at,
    version: z.int(),
  })
  .meta({ id: 'Node', description: 'A place in the resource tree of an organization.' });

export const NewNode = z
  .object({
    parent_id: z
      .string()
      .max(40)
      .meta({ description: 'The node above; a site stands under the root.' }),
    kind: z.enum(['site', 'zone', 'population']),
    name,
  })
  .meta({ id: 'NewNode' });

export const NodeParams = z.object({ node_id: z.string().max(40) });

export const NodeFilter = z.object({
  kind: z.enum(NODE_KINDS).optional(),
  parent_id: z.string().max(40).optional(),
});

const Scopes = z
  .array(z.enum([...ACTIONS, '*']))
  .min(1)
  .max(ACTIONS.length + 1);

export const ApiKey = z
  .object({
    id: z.string(),
    principal_id: z.string(),
    node_id: z.string(),
    name: z.string(),
    prefix: z.string().meta({ description: 'The visible start of the key.' }),
    last_four: z.string(),
    scopes: z.array(z.string()),
    status: z.enum(['active', 'revoked']),
    api_version: z.string(),
    created_at: at,
    expires_at: at.nullable(),
    last_used_at: at.nullable(),
    version: z.int(),
  })
  .meta({ id: 'ApiKey' });

export const CreatedApiKey = ApiKey.extend({
  secret: z.string().nullable().meta({
    secret: true,
    description: 'The key itself. Shown once: a replay of the same Idempotency-Key answers null.',
  }),
}).meta({ id: 'CreatedApiKey' });

/** A key nobody remembers is found by its end: ninety days unless told, a year at most. */
export const KEY_DAYS = { byDefault: 90, max: 365 } as const;

export const NewApiKey = z
  .object({
    name,
    node_id: z
      .string()
      .max(40)
      .meta({ description: 'The key reaches this node and all below it.' }),
    scopes: Scopes.meta({ description: 'Actions the key may do, or `*`.' }),
    principal_id: z
      .string()
      .max(40)
      .optional()
      .meta({ description: 'One more key for this principal, for rotation.' }),
    expires_in_days: z.int().min(1).max(KEY_DAYS.max).default(KEY_DAYS.byDefault),
  })
  .meta({ id: 'NewApiKey' });

export const ApiKeyParams = z.object({ api_key_id: z.string().max(40) });

export const WhoAmI = z
  .object({
    organization_id: z.string(),
    principal_id: z.string(),
    kind: z.enum(['api_key', 'device', 'system']),
    credential_id: z.string(),
    node_ids: z.array(z.string()),
    actions: z.array(z.string()),
    api_version: z.string(),
  })
  .meta({ id: 'WhoAmI' });
