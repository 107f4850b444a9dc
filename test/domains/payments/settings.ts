// Payment settings for tests: the defaults of the configuration, with delays that fit a test.

import type { PaymentSettings } from '../../../server/domains/payments/index.ts';

export const SETTINGS: PaymentSettings = {
  currencyDefault: 'EUR',
  online: { limitTxnMinor: 50_000, limitPersonOpenMinor: 200_000 },
  offline: {
    enabled: true,
    limitTxnMinor: 5_000,
    limitPersonOpenMinor: 10_000,
    limitPersonDayMinor: 20_000,
    limitTerminalOpenMinor: 100_000,
    limitSiteOpenMinor: 1_000_000,
    contactMaxAgeMs: 8 * 3_600_000,
    forwardMaxAgeMs: 24 * 3_600_000,
  },
  unknown: { lookupDelayMs: 20, lookupMisses: 2, absentAfterMs: 300, escalateAfterMs: 86_400_000 },
};
