// The noun: an account is a kind, a holder and a currency, with four sums. Every transfer debits one
// account and credits another by the same amount, so all debits equal all credits at any moment.

import type { Instant } from '../../shared/world.ts';

/** What each kind of account holds, and who its holder is. */
export const ACCOUNT_KINDS = {
  /** Assets: what a person owes us. Holder: person. */
  customer_receivable: 'person',
  /** Assets: captured money the provider has not paid out yet. Holder: provider. */
  provider_clearing: 'provider',
  /** What an organization earned. Holder: organization. */
  revenue: 'organization',
  /** What providers keep. Holder: provider. */
  fees: 'provider',
  /** Declined and written off. Holder: organization. */
  offline_loss: 'organization',
  /** Owed to a person, not yet given back. Holder: person. */
  refund_payable: 'person',
  /** Debts a person settled without the provider. Holder: organization. */
  settled_outside: 'organization',
  /** Accepted and not yet authorised while the provider was reachable. Holder: person. */
  online_exposure_person: 'person',
  /** Accepted and not yet authorised while it was not. One account for each bound. */
  offline_exposure_person: 'person',
  offline_exposure_terminal: 'device',
  offline_exposure_site: 'node',
  /** Accepted offline on one day (UTC). Holder: person and day. */
  offline_day_person: 'person:day',
  /** The other side of exposures; holder as on theirs, so that no row is hotter than its limit. */
  exposure_control: 'any',
} as const;

export type AccountKind = keyof typeof ACCOUNT_KINDS;

export interface AccountKey {
  kind: AccountKind;
  holder: string;
  currency: string;
}

export interface Balance {
  debitsPosted: number;
  creditsPosted: number;
  debitsPending: number;
  creditsPending: number;
}

export interface Account extends AccountKey, Balance {
  id: string;
}

/** What a limit bounds: what is owed on the account, reservations counted as if they were posted. */
export function heldOn(balance: Balance): number {
  return balance.debitsPosted - balance.creditsPosted + balance.debitsPending;
}

export const TRANSFER_KINDS = ['single', 'pending', 'post', 'void', 'expire'] as const;
export type TransferKind = (typeof TRANSFER_KINDS)[number];

/** Written once, never changed: a pending one is ended by another row that names it. */
export interface Transfer {
  id: string;
  kind: TransferKind;
  pendingId: string | null;
  debitAccountId: string;
  creditAccountId: string;
  amountMinor: number;
  currency: string;
  code: string;
  paymentId: string | null;
  operationId: string | null;
  expiresAt: Instant | null;
  createdAt: Instant;
}
