// What the cases of the REST API lean on; made before the first checksum.

import { randomBytes } from 'node:crypto';
import { type BadRequest, requestOf } from './send-http.ts';
import type { Stage } from './stage.ts';

export async function prepareHttp(
  stage: Omit<Stage, 'personId' | 'spentIdempotencyKey' | 'readOnlyKey'>,
): Promise<Pick<Stage, 'personId' | 'spentIdempotencyKey' | 'readOnlyKey'>> {
  const spentIdempotencyKey = randomBytes(12).toString('hex');
  const made = async (request: BadRequest): Promise<Record<string, string>> => {
    const response = await requestOf(stage as Stage, request);
    if (response.status !== 201) throw new Error(`${response.status}: ${response.text}`);
    return response.json() as Record<string, string>;
  };
  const person = await made({
    path: '/v1/people',
    headers: { 'idempotency-key': spentIdempotencyKey },
    body: { display_name: 'First', external_ref: 'taken-1' },
  });
  const key = await made({
    path: '/v1/api-keys',
    body: { name: 'reader', node_id: stage.nodeId, scopes: ['person.read'] },
  });
  return {
    personId: String(person['id']),
    spentIdempotencyKey,
    readOnlyKey: String(key['secret']),
  };
}
