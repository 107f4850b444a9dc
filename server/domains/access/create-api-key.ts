// Makes an API key: a new principal (or one more key of a principal that exists, for rotation), the row
// with the digest, and the event. The secret is in the answer and nowhere else.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { notFound } from '../../shared/errors.ts';
import type { Instant } from '../../shared/world.ts';
import { type Actor, tell } from '../audit/index.ts';
import { type KeyEnvironment, makeKeyText, readKeyText } from './api-key.ts';
import { type ApiKey, findPrincipal, insertApiKey, insertPrincipal } from './store-keys.ts';

export interface NewApiKey {
  name: string;
  nodeId: string;
  /** Actions, or `*`. Whether the maker may grant them is decided by the caller of this verb. */
  scopes: readonly string[];
  principalId?: string | null;
  /** The text of a key made elsewhere, e.g. a mounted secret of the first start. */
  secret?: string;
  expiresAt: Instant | null;
  apiVersion: string;
  actor: Actor;
  traceId?: string | null;
}

export interface MadeApiKey {
  key: ApiKey;
  secret: string;
}

export async function createApiKey(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  wanted: NewApiKey & { environment: KeyEnvironment },
): Promise<MadeApiKey> {
  const createdAt = deps.world.clock.now();
  const principalId = await principalFor(deps, tx, wanted);
  const { secret, ...text } =
    wanted.secret === undefined
      ? makeKeyText(wanted.environment, deps.world.random)
      : readKeyText(wanted.secret);
  const key: ApiKey = {
    id: deps.ids.make('apiKey'),
    principalId,
    nodeId: wanted.nodeId,
    name: wanted.name,
    prefix: text.prefix,
    lastFour: text.lastFour,
    scopes: wanted.scopes,
    status: 'active',
    apiVersion: wanted.apiVersion,
    createdAt,
    expiresAt: wanted.expiresAt,
    lastUsedAt: null,
    version: 1,
  };
  await insertApiKey(tx, { ...key, secretHash: text.secretHash });
  await tell(deps, tx, {
    type: 'api_key.created',
    subject: { kind: 'api_key', id: key.id },
    nodeId: key.nodeId,
    actor: wanted.actor,
    data: { principal_id: principalId, prefix: key.prefix, scopes: key.scopes },
    traceId: wanted.traceId ?? null,
  });
  return { key, secret };
}

async function principalFor(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  { principalId, name }: NewApiKey,
): Promise<string> {
  if (principalId !== undefined && principalId !== null) {
    const found = await findPrincipal(tx, principalId);
    if (found === null) throw notFound('principal', principalId);
    return principalId;
  }
  const id = deps.ids.make('principal');
  const createdAt = deps.world.clock.now();
  await insertPrincipal(tx, {
    id,
    kind: 'service_account',
    name,
    status: 'active',
    createdAt,
    version: 1,
  });
  return id;
}
