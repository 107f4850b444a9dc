// Settings of the business: identification, payments, KYC.

import {
  amountMinor,
  currency,
  days,
  durationMs,
  flag,
  fraction,
  integer,
  optional,
  text,
} from '../formats.ts';
import { setting } from '../setting.ts';

const HOUR_MS = 3_600_000;

const minor = (doc: string, defaultMinor: number) =>
  setting({ doc, format: amountMinor, default: defaultMinor, live: true });

export const identificationSettings = {
  false_positive_rate: setting({
    doc: 'False-positive identification rate: the share of searches by unenrolled people that may return anyone. The threshold follows from it and the size of the gallery.',
    format: fraction({ min: 0.000_000_01, max: 0.01 }),
    default: 0.0001,
    live: true,
  }),
  margin_min: setting({
    doc: 'How much better the best person must score than the second best; below it the answer is ambiguous.',
    format: fraction({ min: 0, max: 1 }),
    default: 0.03,
    live: true,
  }),
  workers: setting({
    doc: 'Threads that search large galleries, and what the calling thread has no turn for. Started when first needed.',
    format: integer({ min: 1, max: 64 }, 'threads'),
    default: 1,
  }),
  staleness_max_ms: setting({
    doc: 'How far the gallery may lag behind the database; beyond it the appliance refuses to identify. An erasure bites within this bound.',
    format: durationMs({ min: 100, max: 60_000 }),
    default: 2_000,
    live: true,
  }),
  gallery_max: setting({
    doc: 'The most templates of one gallery. 512-d templates need 2 KiB of memory each.',
    format: integer({ min: 1, max: 10_000_000 }, 'templates'),
    default: 1_000_000,
  }),
};

export const paymentsSettings = {
  currency_default: setting({
    doc: 'Currency of a payment that names none. null: every payment must name one.',
    format: optional(currency),
    default: null,
  }),
  online: {
    limit_txn_minor: minor('Online: the largest single payment.', 50_000),
    limit_person_open_minor: minor(
      'Online: the most one person may have open (unsettled).',
      200_000,
    ),
  },
  offline: {
    enabled: setting({
      doc: 'Accept payments within the limits below while the payment provider cannot be reached.',
      format: flag,
      default: false,
      live: true,
    }),
    limit_txn_minor: minor('Offline: the largest single payment.', 5_000),
    limit_person_open_minor: minor('Offline: the most one person may have open.', 10_000),
    limit_person_day_minor: minor('Offline: the most one person may spend in 24 hours.', 20_000),
    limit_terminal_open_minor: minor('Offline: the most one terminal may have open.', 100_000),
    limit_site_open_minor: minor('Offline: the most one site may have open.', 1_000_000),
    contact_max_age_ms: setting({
      doc: 'Offline acceptance stops when the provider was last reached longer ago than this.',
      format: durationMs({ min: 60_000, max: 30 * 24 * HOUR_MS }),
      default: 8 * HOUR_MS,
    }),
    forward_max_age_ms: setting({
      doc: 'An offline payment older than this is no longer sent to the provider by itself; a person decides.',
      format: durationMs({ min: 60_000, max: 30 * 24 * HOUR_MS }),
      default: 24 * HOUR_MS,
    }),
  },
  unknown: {
    lookup_delay_ms: setting({
      doc: 'Time between an exchange whose outcome is unknown and its first lookup.',
      format: durationMs({ min: 10, max: 600_000 }),
      default: 2_000,
      live: true,
    }),
    lookup_misses: setting({
      doc: 'Lookups that must find nothing before an operation may count as absent.',
      format: integer({ min: 1, max: 100 }, 'lookups'),
      default: 2,
    }),
    absent_after_ms: setting({
      doc: 'Time that must also have passed before an operation counts as absent.',
      format: durationMs({ min: 1_000, max: 24 * HOUR_MS }),
      default: 600_000,
    }),
    escalate_after_ms: setting({
      doc: 'An operation that is unknown for longer than this needs a person.',
      format: durationMs({ min: 1_000, max: 30 * 24 * HOUR_MS }),
      default: 24 * HOUR_MS,
    }),
  },
};

export const kycSettings = {
  approval_days: setting({
    doc: 'How long an approval is valid.',
    format: days({ min: 1, max: 3650 }),
    default: 365,
    live: true,
  }),
  level: setting({
    doc: 'The name of the check that a payment asks for.',
    format: text(64, {
      regexp: /^[a-z][a-z0-9_]{0,63}$/,
      words: 'a name of lower-case letters, digits and _, up to 64',
    }),
    default: 'standard',
    live: true,
  }),
};
