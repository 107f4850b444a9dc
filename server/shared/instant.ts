// Instants are integer milliseconds UTC inside; RFC 3339 with `Z` at the edges.

import type { Instant } from './world.ts';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

export function toRfc3339(at: Instant): string {
  return new Date(at).toISOString();
}

export function toRfc3339OrNull(at: Instant | null): string | null {
  return at === null ? null : toRfc3339(at);
}

/** The start of the UTC day that holds the instant; the bucket of daily limits. */
export function startOfDay(at: Instant): Instant {
  return at - (((at % DAY_MS) + DAY_MS) % DAY_MS);
}
