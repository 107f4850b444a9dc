// Who may pay at the door, when, and how much: pure rules over facts that were gathered before. The order
// is part of the contract: identity first, then standing, then means, then limits.

import { DAY_MS, startOfDay } from '../../shared/instant.ts';
import type { Instant } from '../../shared/world.ts';
import type { Entry } from '../ledger/index.ts';
import type { PaymentMode } from './payment.ts';
import type { PaymentMethod } from './payment-method.ts';
import type { PaymentSettings } from './settings.ts';

/** Published words: a terminal shows its own text for each. Never renamed, only added. */
export const REFUSAL_REASONS = {
  no_match: 'Nobody who is enrolled was recognised.',
  ambiguous: 'Two people came too close to each other.',
  poor_quality: 'The capture was not good enough to search with.',
  unknown_extractor: 'The terminal uses an extractor this appliance has no gallery for.',
  evidence_too_weak: 'The identification was not made by this appliance.',
  person_inactive: 'The person may not use the appliance.',
  consent_missing: 'The person has not agreed to pay by biometrics, or does not any more.',
  kyc_not_approved: 'The person has no approved KYC.',
  kyc_expired: 'The approval has expired.',
  no_payment_method: 'The person has no active payment method.',
  payment_method_expired: 'The payment method expires too soon.',
  payment_method_not_offline: 'Prepaid and unknown cards are not accepted offline.',
  offline_disabled: 'The provider cannot be reached and offline acceptance is off.',
  offline_contact_too_old: 'The provider has been out of reach for too long.',
  person_owes: 'An earlier offline payment was declined and is still owed.',
  limit_exceeded: 'A limit was reached; `limit` names it.',
  currency_missing: 'The payment names no currency and no default is set.',
  reference_reused: 'The reference was used before with another amount.',
} as const;
export type RefusalReason = keyof typeof REFUSAL_REASONS;

export const LIMIT_NAMES = [
  'online_txn',
  'online_person_open',
  'offline_txn',
  'offline_person_open',
  'offline_person_day',
  'offline_terminal_open',
  'offline_site_open',
] as const;
export type LimitName = (typeof LIMIT_NAMES)[number];

/** What biometrics found. The same shape as its `Identification`. */
export interface Evidence {
  outcome: 'match' | 'no_match' | 'ambiguous' | 'poor_quality' | 'unknown_extractor';
  personId: string | null;
  evidenceClass: string;
}

export interface Standing {
  personActive: boolean;
  consented: boolean;
  kyc: { status: string; validUntil: Instant | null };
  method: Pick<PaymentMethod, 'funding' | 'expiresAt'> | null;
  owesMinor: number;
}

export interface Contact {
  reachable: boolean;
  lastOkAt: Instant | null;
}

export interface Verdict {
  reason: RefusalReason;
  limit: LimitName | null;
}

const refuse = (reason: RefusalReason, limit: LimitName | null = null): Verdict => ({
  reason,
  limit,
});

/** No limit depends on who it is until somebody was recognised. */
export function judgeEvidence(evidence: Evidence): Verdict | null {
  if (evidence.outcome !== 'match') return refuse(evidence.outcome);
  // A match asserted by a terminal is evidence of another class; alone it does not pay.
  if (!evidence.evidenceClass.startsWith('appliance_')) return refuse('evidence_too_weak');
  return evidence.personId === null ? refuse('no_match') : null;
}

/** A card that expires within days may be declined when it is forwarded later. */
const OFFLINE_CARD_MIN_LEFT_MS = 7 * DAY_MS;
const OFFLINE_FUNDING: readonly (string | null)[] = ['credit', 'debit'];

export function judgeStanding(
  settings: PaymentSettings,
  standing: Standing,
  at: { now: Instant; contact: Contact; amountMinor: number },
): Verdict | null {
  const { now, contact, amountMinor } = at;
  const { kyc, method } = standing;
  if (!standing.personActive) return refuse('person_inactive');
  if (!standing.consented) return refuse('consent_missing');
  if (kyc.status === 'expired') return refuse('kyc_expired');
  if (kyc.status !== 'approved') return refuse('kyc_not_approved');
  if (kyc.validUntil === null || kyc.validUntil <= now) return refuse('kyc_expired');
  if (method === null) return refuse('no_payment_method');
  if (method.expiresAt !== null && method.expiresAt <= now) return refuse('payment_method_expired');
  if (contact.reachable) {
    return amountMinor > settings.online.limitTxnMinor
      ? refuse('limit_exceeded', 'online_txn')
      : null;
  }
  const { offline } = settings;
  if (!offline.enabled) return refuse('offline_disabled');
  if (contact.lastOkAt === null || now - contact.lastOkAt > offline.contactMaxAgeMs)
    return refuse('offline_contact_too_old');
  if (!OFFLINE_FUNDING.includes(method.funding)) return refuse('payment_method_not_offline');
  if (method.expiresAt !== null && method.expiresAt <= now + OFFLINE_CARD_MIN_LEFT_MS)
    return refuse('payment_method_expired');
  if (standing.owesMinor > 0) return refuse('person_owes');
  return amountMinor > offline.limitTxnMinor ? refuse('limit_exceeded', 'offline_txn') : null;
}

export interface Exposure {
  mode: PaymentMode;
  personId: string;
  terminalId: string;
  siteId: string;
  amountMinor: number;
  currency: string;
  paymentId: string;
}

/** One transfer for each bound; together one chain (docs/decisions/0010-ledger.md). */
export function exposureEntries(
  settings: PaymentSettings,
  exposure: Exposure,
  now: Instant,
): Entry[] {
  const { online, offline } = settings;
  const { personId } = exposure;
  if (exposure.mode === 'online') {
    return [
      bound(exposure, ['online_exposure_person', personId], {
        name: 'online_person_open',
        maxMinor: online.limitPersonOpenMinor,
      }),
    ];
  }
  const day = `${personId}:${new Date(startOfDay(now)).toISOString().slice(0, 10)}`;
  return [
    bound(exposure, ['offline_exposure_person', personId], {
      name: 'offline_person_open',
      maxMinor: offline.limitPersonOpenMinor,
    }),
    {
      ...bound(exposure, ['offline_day_person', day], {
        name: 'offline_person_day',
        maxMinor: offline.limitPersonDayMinor,
      }),
      kind: 'single',
      code: 'offline_day',
    },
    bound(exposure, ['offline_exposure_terminal', exposure.terminalId], {
      name: 'offline_terminal_open',
      maxMinor: offline.limitTerminalOpenMinor,
    }),
    bound(exposure, ['offline_exposure_site', exposure.siteId], {
      name: 'offline_site_open',
      maxMinor: offline.limitSiteOpenMinor,
    }),
  ];
}

function bound(
  exposure: Exposure,
  [kind, holder]: [Entry['debit']['kind'], string],
  limit: { name: LimitName; maxMinor: number },
): Entry {
  return {
    kind: 'pending',
    debit: { kind, holder },
    // The kind is part of the holder: one person's bounds do not share their other side.
    credit: { kind: 'exposure_control', holder: `${kind}:${holder}` },
    amountMinor: exposure.amountMinor,
    currency: exposure.currency,
    code: EXPOSURE,
    paymentId: exposure.paymentId,
    operationId: null,
    limit,
  };
}

/** The code under which exposures are written, and released once the provider has answered. */
export const EXPOSURE = 'exposure';
