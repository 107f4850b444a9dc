// What the configuration says about payments, in the words of this domain.

export interface PaymentSettings {
  /** Currency of a payment that names none; null: every payment must name one. */
  currencyDefault: string | null;
  online: { limitTxnMinor: number; limitPersonOpenMinor: number };
  offline: {
    enabled: boolean;
    limitTxnMinor: number;
    limitPersonOpenMinor: number;
    limitPersonDayMinor: number;
    limitTerminalOpenMinor: number;
    limitSiteOpenMinor: number;
    /** Offline acceptance stops when the provider was last reached longer ago than this. */
    contactMaxAgeMs: number;
    /** Older than this, an offline payment is not sent by itself. */
    forwardMaxAgeMs: number;
  };
  unknown: {
    lookupDelayMs: number;
    lookupMisses: number;
    absentAfterMs: number;
    escalateAfterMs: number;
  };
}

export interface StripeSettings {
  secretKey: string;
  apiVersion: string;
  idempotencyWindowMs: number;
}

/** Of a provider's memory of a key, how much we rely on: its clock is not ours. */
export const KEY_WINDOW_SHARE = 0.8;
