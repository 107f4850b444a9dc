// The noun: one KYC session of a person at a vendor. An unreachable vendor is a matter of transport and
// never a decision; approvals expire, and can be taken back by the vendor or by us.

import { DAY_MS } from '../../shared/instant.ts';
import type { Instant } from '../../shared/world.ts';

export const SESSION_STATUSES = [
  /** Waits in the outbox. */
  'requested',
  /** Exists at the vendor; `url` leads to its page. */
  'created',
  'started',
  'submitted',
  'resubmission_requested',
  'review',
  'approved',
  'declined',
  'expired',
  'abandoned',
  /** Taken back by us. */
  'revoked',
  /** The vendor refused to make it. */
  'failed',
  /** Asked for, and the reply was lost: the vendor knows no keys, so it is not asked again blindly. */
  'in_doubt',
] as const;
export type SessionStatus = (typeof SESSION_STATUSES)[number];

/** The vendor's own words, mapped on the text; its codes contradict each other in its documentation. */
export const VENDOR_DECISIONS = {
  approved: 9001,
  declined: 9102,
  resubmission_requested: 9103,
  review: 9121,
  expired: 9104,
  abandoned: 9104,
} as const satisfies Partial<Record<SessionStatus, number>>;
export type VendorDecision = keyof typeof VENDOR_DECISIONS;

export function isVendorDecision(text: string): text is VendorDecision {
  return Object.hasOwn(VENDOR_DECISIONS, text);
}

export interface Decision {
  status: VendorDecision;
  code: number | null;
  reason: string | null;
  reasonCode: number | null;
  attemptId: string | null;
  decidedAt: Instant;
}

export interface KycSession {
  id: string;
  personId: string;
  providerAccountId: string;
  /** An approval counts for the level it was given at. */
  level: string;
  status: SessionStatus;
  providerRef: string | null;
  url: string | null;
  /** Verdict and reason; no document, no name. */
  decision: Decision | null;
  transport: 'ok' | 'vendor_unavailable';
  request: string | null;
  firstSentAt: Instant | null;
  submittedAt: Instant | null;
  decidedAt: Instant | null;
  validUntil: Instant | null;
  reason: string | null;
  createdAt: Instant;
  version: number;
}

const UNDECIDED: readonly SessionStatus[] = [
  'created',
  'started',
  'submitted',
  'resubmission_requested',
  'review',
];

/** Whether the vendor may still say something that we wait for. */
export function isUndecided(status: SessionStatus): boolean {
  return UNDECIDED.includes(status);
}

/** What a hint may move a session to, while there is no decision to fetch. */
export function progressOf(
  session: Pick<KycSession, 'status'>,
  hint: string,
): 'started' | 'submitted' | null {
  const { status } = session;
  const isBefore = status === 'created' || status === 'resubmission_requested';
  if (hint === 'event.started' && isBefore) return 'started';
  if (hint === 'event.submitted' && (isBefore || status === 'started')) return 'submitted';
  return null;
}

/** A decision fetched earlier than the one we have says nothing new; a revocation of ours stands. */
export function isNews(
  session: Pick<KycSession, 'status' | 'decision'>,
  decision: Decision,
): boolean {
  if (session.status === 'revoked') return false;
  const known = session.decision;
  if (known === null) return true;
  if (decision.decidedAt < known.decidedAt) return false;
  return decision.status !== session.status || decision.attemptId !== known.attemptId;
}

export function withDecision(
  session: KycSession,
  decision: Decision,
  approvalDays: number,
): KycSession {
  const validUntil =
    decision.status === 'approved' ? decision.decidedAt + approvalDays * DAY_MS : null;
  return {
    ...session,
    status: decision.status,
    decision,
    decidedAt: decision.decidedAt,
    validUntil,
    url: isUndecided(decision.status) ? session.url : null,
    transport: 'ok',
    reason: null,
  };
}
