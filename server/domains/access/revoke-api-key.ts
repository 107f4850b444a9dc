// Revokes an API key, for good. Revoking it again changes nothing and tells nothing.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { notFound } from '../../shared/errors.ts';
import { type Actor, tell } from '../audit/index.ts';
import { type ApiKey, findApiKey, updateRevoked } from './store-keys.ts';

export async function revokeApiKey(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  { id, actor, traceId }: { id: string; actor: Actor; traceId: string | null },
): Promise<ApiKey> {
  const key = await findApiKey(tx, id);
  if (key === null) throw notFound('API key', id);
  if (!(await updateRevoked(tx, id))) return key;
  await tell(deps, tx, {
    type: 'api_key.revoked',
    subject: { kind: 'api_key', id },
    nodeId: key.nodeId,
    actor,
    data: { prefix: key.prefix },
    traceId,
  });
  return { ...key, status: 'revoked', version: key.version + 1 };
}
