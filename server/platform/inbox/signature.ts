// Comparing signatures without telling, by time, how much of them was right, or which secret it was.

import { timingSafeEqual } from 'node:crypto';
import type { Instant } from '../../shared/world.ts';
import type { WebhookSecret } from './source.ts';

/** The id of the secret that made one of the given signatures. Always tries all of them. */
export function findSigner(
  secrets: readonly WebhookSecret[],
  given: readonly Buffer[],
  sign: (secret: string) => Buffer,
): string | null {
  let found: string | null = null;
  for (const { id, secret } of secrets) {
    const expected = sign(secret);
    for (const candidate of given) {
      if (candidate.length === expected.length && timingSafeEqual(candidate, expected))
        found ??= id;
    }
  }
  return found;
}

/** Two-sided: a signature from the future is as wrong as one from the past. */
export function withinSkew(
  signedAt: Instant,
  receivedAt: Instant,
  { pastMaxMs, futureMaxMs }: { pastMaxMs: number; futureMaxMs: number },
): boolean {
  const ageMs = receivedAt - signedAt;
  return Number.isFinite(signedAt) && ageMs <= pastMaxMs && -ageMs <= futureMaxMs;
}
