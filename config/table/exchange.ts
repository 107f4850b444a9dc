// Settings of the way out (outbox) and the way in (inbox).

import { bytes, days, durationMs, integer } from '../formats.ts';
import { setting } from '../setting.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3_600_000;

export const outboxSettings = {
  shards: setting({
    doc: 'Into how many lanes messages are split; replicas share the lanes. Never change it while messages wait.',
    format: integer({ min: 1, max: 1024 }, 'shards'),
    default: 16,
  }),
  lease_ms: setting({
    doc: 'How long a replica owns a shard without renewing it.',
    format: durationMs({ min: 500, max: 600_000 }),
    default: 15_000,
  }),
  renew_ms: setting({
    doc: 'How often a replica renews its shards.',
    format: durationMs({ min: 100, max: 300_000 }),
    default: 5_000,
  }),
  poll_ms: setting({
    doc: 'How often the table is read when no hint arrives.',
    format: durationMs({ min: 10, max: 60_000 }),
    default: 250,
  }),
  batch: setting({
    doc: 'Messages read at once.',
    format: integer({ min: 1, max: 1000 }, 'messages'),
    default: 50,
  }),
  inflight_max: setting({
    doc: 'Messages of one destination in flight in one process.',
    format: integer({ min: 1, max: 10_000 }, 'messages'),
    default: 64,
    live: true,
  }),
  attempts_max: setting({
    doc: 'After this many counted attempts a message becomes a dead letter. Time in which the breaker is open does not count.',
    format: integer({ min: 1, max: 1000 }, 'attempts'),
    default: 30,
    live: true,
  }),
  backoff_base_ms: setting({
    doc: 'Upper bound of the first wait between two attempts; it doubles with each, full jitter below it.',
    format: durationMs({ min: 1, max: 600_000 }),
    default: 1_000,
    live: true,
  }),
  backoff_cap_ms: setting({
    doc: 'Upper bound of any wait between two attempts.',
    format: durationMs({ min: 1, max: 24 * HOUR_MS }),
    default: 300_000,
    live: true,
  }),
  retention_days: setting({
    doc: 'How long attempts and dead letters are kept.',
    format: days({ min: 1, max: 3650 }),
    default: 90,
  }),
  breaker: {
    failures: setting({
      doc: 'Failures of a destination in a row that open its breaker.',
      format: integer({ min: 1, max: 1000 }, 'failures'),
      default: 3,
      live: true,
    }),
    open_ms: setting({
      doc: 'How long a breaker stays open before the first probe; it doubles with each failed probe.',
      format: durationMs({ min: 10, max: HOUR_MS }),
      default: 5_000,
      live: true,
    }),
    open_ms_max: setting({
      doc: 'The longest a breaker stays open between two probes.',
      format: durationMs({ min: 10, max: 24 * HOUR_MS }),
      default: 60_000,
      live: true,
    }),
  },
};

export const inboxSettings = {
  skew_future_ms: setting({
    doc: 'How far in the future of the receive time a signed timestamp may lie.',
    format: durationMs({ min: 0, max: HOUR_MS }),
    default: 300_000,
  }),
  tolerance_ms: setting({
    doc: 'How old a signed timestamp may be at the receive time.',
    format: durationMs({ min: 1_000, max: 24 * HOUR_MS }),
    default: 300_000,
    live: true,
  }),
  raw_limit_bytes: setting({
    doc: "The largest body of a provider's webhook.",
    format: bytes({ min: 1024, max: 16 * MIB }),
    default: MIB,
    live: true,
  }),
};
