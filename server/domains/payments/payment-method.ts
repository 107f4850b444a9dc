// The noun: a payment method is a token at the provider with an off-session mandate, made by the person on
// the provider's own page. Never a card number: brand and last four digits are all that is kept of it.

import type { Instant } from '../../shared/world.ts';

export const METHOD_STATUSES = [
  /** Being made at the provider; the page has no address yet. */
  'creating',
  /** The page is open; `url` leads to it. */
  'open',
  'active',
  /** The page was not completed in time. */
  'expired',
  /** The provider refused to make it. */
  'failed',
  'revoked',
] as const;
export type MethodStatus = (typeof METHOD_STATUSES)[number];

export type MethodStep = 'customer' | 'session' | 'done';

export interface PaymentMethod {
  id: string;
  personId: string;
  providerAccountId: string;
  status: MethodStatus;
  url: string | null;
  returnUrl: string;
  customerRef: string | null;
  setupRef: string | null;
  methodRef: string | null;
  mandate: { ref: string; usage: string } | null;
  brand: string | null;
  lastFour: string | null;
  /** `credit`, `debit`, `prepaid` or `unknown`. */
  funding: string | null;
  /** The last moment of the month printed on the card. */
  expiresAt: Instant | null;
  step: MethodStep;
  generation: number;
  request: string | null;
  firstSentAt: Instant | null;
  reason: string | null;
  createdAt: Instant;
  version: number;
}

/** The first instant after the given month, UTC. */
export function endOfMonth(year: number, month: number): Instant {
  return Date.UTC(year, month, 1);
}
