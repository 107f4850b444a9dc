// The noun: one attempt of a person to prove who they are, at one provider. A decision is the provider's;
// that the provider could not be reached is a fact about transport and never a decision.

import type { Instant } from '../../shared/world.ts';

export const KYC_STATUSES = [
  /** Wanted here, not made at the provider yet. */
  'queued',
  'session_created',
  'in_progress',
  'submitted',
  'approved',
  'resubmit',
  'review',
  'declined',
  'expired',
  'abandoned',
  /** An approval that was taken back, by the provider or by an operator. */
  'revoked',
  /** The provider refused to make the session, or it is unknown whether it did. */
  'failed',
] as const;

export type KycStatus = (typeof KYC_STATUSES)[number];

/** What the provider says, in our words. */
export type Decision = Extract<
  KycStatus,
  'approved' | 'resubmit' | 'review' | 'declined' | 'expired' | 'abandoned'
>;

export type Progress = Extract<KycStatus, 'in_progress' | 'submitted'>;

export interface KycSession {
  id: string;
  personId: string;
  providerAccountId: string;
  level: string;
  status: KycStatus;
  /** `unavailable`: not reached so far. `unknown`: asked, and nobody knows whether it was heard. */
  transport: 'ok' | 'unavailable' | 'unknown';
  providerRef: string | null;
  url: string | null;
  /** What the decision rested on, without the person's data. */
  decision: Record<string, unknown> | null;
  /** The exact body that was sent, fixed before the first byte. */
  request: string | null;
  firstSentAt: Instant | null;
  /** When the person handed everything in, as the provider says; noticed here until it does. */
  submittedAt: Instant | null;
  /** When the decision was applied here. */
  decidedAt: Instant | null;
  /** When the provider made it, by the provider's clock. */
  providerDecidedAt: Instant | null;
  validUntil: Instant | null;
  /** Why it is as it is: the provider's word, or the operator's. */
  reason: string | null;
  createdAt: Instant;
  version: number;
}

const BEFORE_DECISION: readonly KycStatus[] = [
  'queued',
  'session_created',
  'in_progress',
  'submitted',
];
/** The provider may still say something new. */
export const OPEN_STATUSES: readonly KycStatus[] = [...BEFORE_DECISION, 'resubmit', 'review'];

/** A decision always moves, also backwards: providers correct themselves. An approval that ends is revoked. */
export function decided(from: KycStatus, decision: Decision): KycStatus {
  const takenBack = decision === 'declined' || decision === 'resubmit' || decision === 'review';
  if ((from === 'approved' || from === 'revoked') && takenBack) return 'revoked';
  return decision;
}

/** What the provider said before what it said last is no news, whenever it arrives. */
export function isOutdated(
  { providerDecidedAt }: Pick<KycSession, 'providerDecidedAt'>,
  saidAt: Instant | null,
): boolean {
  return providerDecidedAt !== null && saidAt !== null && saidAt < providerDecidedAt;
}

/** Progress only moves forward, and never over a decision. */
export function progressed(from: KycStatus, progress: Progress): KycStatus {
  if (from === 'resubmit') return progress;
  const at = BEFORE_DECISION.indexOf(from);
  return at >= 0 && BEFORE_DECISION.indexOf(progress) > at ? progress : from;
}
