// The noun: an operation is one thing asked of a provider, and the unit of idempotency, retry and
// reconciliation. Pure: its states and the moves between them. No timer is among the reasons to move.

import type { Instant } from '../../shared/world.ts';

export const OPERATION_KINDS = ['authorise', 'capture', 'void', 'refund'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

export const OPERATION_STATUSES = [
  /** Waits in the outbox; nothing of this step was sent. */
  'queued',
  /** A request may be on its way. Found so after a crash, it counts as unknown. */
  'sending',
  'succeeded',
  /** The provider has it and no result yet. */
  'pending',
  /** The provider or the issuer said no. */
  'declined',
  /** Proven not executed. */
  'not_sent',
  /** Sent, or perhaps sent, and no usable reply. Only proof moves it. */
  'unknown',
  /** The same, for longer than a machine should wait alone; proof still moves it. */
  'unknown_escalated',
  /** Looked for often and long enough: it is not there. */
  'absent',
  /** Not wanted any more, before anything was sent. */
  'cancelled',
] as const;
export type OperationStatus = (typeof OPERATION_STATUSES)[number];

const BY_PROOF = ['succeeded', 'pending', 'declined', 'absent', 'queued'] as const;

/** `queued` again: one step is done and the next waits. A replay is a move from unknown to sending. */
export const MOVES: Readonly<Record<OperationStatus, readonly OperationStatus[]>> = {
  queued: ['sending', 'cancelled'],
  sending: [
    'queued',
    'succeeded',
    'pending',
    'declined',
    'not_sent',
    'unknown',
    'unknown_escalated',
  ],
  succeeded: [],
  pending: ['succeeded', 'declined', 'unknown_escalated'],
  declined: ['succeeded'], // late success
  not_sent: ['queued', 'cancelled'],
  unknown: ['sending', 'unknown_escalated', ...BY_PROOF],
  unknown_escalated: [...BY_PROOF],
  absent: ['queued'],
  cancelled: ['queued'], // a capture revived by a late success
};

export function mayMove(kind: OperationKind, from: OperationStatus, to: OperationStatus): boolean {
  // A refund that the bank sends back weeks later fails after it had succeeded.
  if (kind === 'refund' && from === 'succeeded' && to === 'declined') return true;
  return MOVES[from].includes(to);
}

export function isInDoubt(status: OperationStatus): boolean {
  return status === 'unknown' || status === 'unknown_escalated';
}

/** Whether the provider may have been asked and has not said how it ended. */
export function isOpen(status: OperationStatus): boolean {
  return status === 'sending' || status === 'pending' || isInDoubt(status);
}

/** What remains to be done with it is nothing, unless the provider says otherwise. */
export function isOver(status: OperationStatus): boolean {
  return status === 'succeeded' || status === 'declined' || status === 'cancelled';
}

/** The requests an operation is made of, in their order. */
export const STEPS: Readonly<Record<OperationKind, readonly OperationStep[]>> = {
  // Created unconfirmed first: its id is known before any money moves.
  authorise: ['create', 'confirm'],
  capture: ['capture'],
  void: ['cancel'],
  refund: ['refund'],
};
export type OperationStep = 'create' | 'confirm' | 'capture' | 'cancel' | 'refund';

export function stepAfter(kind: OperationKind, step: OperationStep): OperationStep | null {
  const steps = STEPS[kind];
  return steps[steps.indexOf(step) + 1] ?? null;
}

export type DeclineClass = 'soft' | 'hard' | 'fraud' | 'customer' | 'unknown';
export type ResolvedBy = 'reply' | 'lookup' | 'replay' | 'event' | 'person';

export interface Operation {
  id: string;
  paymentId: string;
  attemptId: string;
  kind: OperationKind;
  amountMinor: number;
  currency: string;
  status: OperationStatus;
  step: OperationStep;
  /** Raised only together with a definitive absence; part of the idempotency key. */
  generation: number;
  idempotencyKey: string;
  /** The exact request of the current step as it was first sent, without the credential. */
  request: string | null;
  firstSentAt: Instant | null;
  lastSentAt: Instant | null;
  /** When a look-up found nothing since the last send; null otherwise. */
  lookedUpAt: Instant | null;
  /** The provider answers this key with a stored failure for ever: it is not replayed again. */
  keySpent: boolean;
  lookupMisses: number;
  firstMissAt: Instant | null;
  providerRef: string | null;
  declineClass: DeclineClass | null;
  declineCode: string | null;
  reason: string | null;
  resolvedBy: ResolvedBy | null;
  /** The ledger's pending transfer this operation holds: of an authorisation or a refund. */
  holdTransferId: string | null;
  createdAt: Instant;
  finishedAt: Instant | null;
  version: number;
}

/** A new step, or a new generation, has sent nothing yet. */
export const UNSENT = {
  request: null,
  firstSentAt: null,
  lastSentAt: null,
  lookedUpAt: null,
  keySpent: false,
  lookupMisses: 0,
  firstMissAt: null,
} as const;
