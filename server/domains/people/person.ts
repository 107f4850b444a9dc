// The nouns: a person of an organization, and a consent: what was agreed to, when, how, and until when.

import type { Instant } from '../../shared/world.ts';

export type PersonStatus = 'active' | 'erased';

export interface Person {
  id: string;
  nodeId: string;
  /** What the customer's own system calls this person; unique within the organization. */
  externalRef: string | null;
  displayName: string;
  status: PersonStatus;
  createdAt: Instant;
  version: number;
}

/** Published words: what a consent may be given for. */
export const PURPOSES = [
  'biometric_identification',
  'biometric_verification',
  'identity_verification',
  'payment',
] as const;
export type Purpose = (typeof PURPOSES)[number];

export interface Consent {
  id: string;
  personId: string;
  purpose: Purpose;
  /** Which wording was shown. */
  textVersion: string;
  /** How it was given, e.g. `signature`, `terminal`, `web`. */
  method: string;
  givenAt: Instant;
  withdrawnAt: Instant | null;
  createdAt: Instant;
  version: number;
}

/** Clocks differ; a consent from further ahead than this is a mistake. */
export const GIVEN_AHEAD_MAX_MS = 300_000;

export function isGivenInFuture(givenAt: Instant, now: Instant): boolean {
  return givenAt > now + GIVEN_AHEAD_MAX_MS;
}
