// The key a provider knows an operation by: UUIDv5 over organization, operation and generation, nothing
// else. The same after every crash and restart; another one only after a definitive absence.

import { createHash } from 'node:crypto';

/** Fixed for ever: a new one would make every open operation look new to its provider. */
const NAMESPACE = Buffer.from('6f2d9c5e8d5b5d0f9a3f1b7ec4a1d7a2', 'hex');

export function idempotencyKey(orgId: string, operationId: string, generation: number): string {
  return uuidV5(NAMESPACE, `${orgId}/${operationId}/${generation}`);
}

/** RFC 9562 §5.5. */
export function uuidV5(namespace: Uint8Array, name: string): string {
  const digest = createHash('sha1').update(namespace).update(name, 'utf8').digest().subarray(0, 16);
  digest[6] = 0x50 | ((digest[6] ?? 0) & 0x0f);
  digest[8] = 0x80 | ((digest[8] ?? 0) & 0x3f);
  const hex = digest.toString('hex');
  return [0, 8, 12, 16, 20].map((at, index, all) => hex.slice(at, all[index + 1] ?? 32)).join('-');
}
