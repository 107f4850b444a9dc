// The noun: a payment is what was agreed at the door. Its status is never set by hand: it is computed
// from its sums and its operations, in one function.

import type { Instant } from '../../shared/world.ts';
import { isInDoubt, type Operation } from './operation.ts';

export const PAYMENT_STATUSES = [
  /** Accepted while the provider could not be reached; not authorised yet. */
  'offline_accepted',
  /** Accepted; the provider is being asked. */
  'requires_auth',
  'authorised',
  'partially_captured',
  'captured',
  'voided',
  'partially_refunded',
  'refunded',
  /** Accepted at the door, refused by the provider: a receivable of the person. */
  'declined',
  /** The outcome of an operation is unknown, or what the provider said does not fit. */
  'in_doubt',
] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

export type PaymentMode = 'online' | 'offline';

export interface Payment {
  id: string;
  nodeId: string;
  personId: string;
  deviceId: string | null;
  paymentMethodId: string;
  terminalRef: string | null;
  amountMinor: number;
  currency: string;
  accepted: PaymentMode;
  status: PaymentStatus;
  description: string | null;
  identificationId: string | null;
  /** What the policy looked at when it said yes: JSON text for auditors. */
  policy: string;
  authorisedMinor: number;
  capturedMinor: number;
  refundedMinor: number;
  createdAt: Instant;
  version: number;
}

export type Sums = Pick<
  Payment,
  'amountMinor' | 'accepted' | 'authorisedMinor' | 'capturedMinor' | 'refundedMinor'
>;

export function statusOf(
  payment: Sums,
  operations: readonly Pick<Operation, 'kind' | 'status'>[],
): PaymentStatus {
  if (operations.some(({ status }) => isInDoubt(status))) return 'in_doubt';
  const { authorisedMinor, capturedMinor, refundedMinor } = payment;
  const ended = (kind: Operation['kind'], status: Operation['status']): boolean =>
    operations.some((each) => each.kind === kind && each.status === status);
  if (refundedMinor > 0) return refundedMinor < capturedMinor ? 'partially_refunded' : 'refunded';
  if (capturedMinor > 0) return capturedMinor < authorisedMinor ? 'partially_captured' : 'captured';
  if (ended('void', 'succeeded')) return 'voided';
  if (ended('authorise', 'declined') || ended('capture', 'declined')) return 'declined';
  if (authorisedMinor > 0) return 'authorised';
  if (ended('authorise', 'cancelled')) return 'voided';
  return payment.accepted === 'offline' ? 'offline_accepted' : 'requires_auth';
}

/** What may still be given back, open and doubtful refunds counted in full. */
export function refundableMinor(
  payment: Pick<Payment, 'capturedMinor'>,
  operations: readonly Pick<Operation, 'kind' | 'status' | 'amountMinor'>[],
): number {
  const taken = operations
    .filter(
      ({ kind, status }) => kind === 'refund' && status !== 'declined' && status !== 'cancelled',
    )
    .reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  return payment.capturedMinor - taken;
}
