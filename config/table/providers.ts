// Settings of the providers outside. What is common to every provider is written once.

import {
  durationMs,
  flag,
  integer,
  listOf,
  oneOf,
  optional,
  secret,
  text,
  url,
} from '../formats.ts';
import { setting } from '../setting.ts';

const DAY_MS = 86_400_000;

const common = (provider: string) => ({
  enabled: setting({ doc: `Use ${provider}.`, format: flag, default: false }),
  ingress: setting({
    doc: `How results of ${provider} come in. webhook: it calls http.public_url, and what was missed is asked for; poll: the appliance asks; relay: a relay of the customer forwards its webhooks unchanged.`,
    format: oneOf('webhook', 'poll', 'relay'),
    default: 'poll',
  }),
  connect_timeout_ms: setting({
    doc: 'The longest wait for a connection. Passing it proves that nothing was sent.',
    format: durationMs({ min: 50, max: 60_000 }),
    default: 5_000,
  }),
  timeout_ms: setting({
    doc: 'The longest wait for an answer. Passing it leaves the outcome unknown.',
    format: durationMs({ min: 50, max: 300_000 }),
    default: 30_000,
    live: true,
  }),
  poll_ms: setting({
    doc: 'How often the appliance asks for what it has missed.',
    format: durationMs({ min: 100, max: DAY_MS }),
    default: 30_000,
  }),
  connections: setting({
    doc: 'Connections to the provider per process.',
    format: integer({ min: 1, max: 512 }, 'connections'),
    default: 16,
  }),
});

export const providersSettings = {
  stripe: {
    ...common('Stripe'),
    base_url: setting({
      doc: "Address of Stripe's API.",
      format: url,
      default: 'https://api.stripe.com',
    }),
    secret_key: setting({
      doc: "Stripe's secret or restricted key.",
      format: optional(secret),
      default: null,
      sensitive: true,
      live: true,
    }),
    webhook_secrets: setting({
      doc: 'Signing secrets of the webhook endpoint. All are accepted, so that one can be replaced without a gap.',
      format: listOf(secret, 8),
      default: [],
      sensitive: true,
      live: true,
    }),
    api_version: setting({
      doc: 'The Stripe-Version header of every request.',
      format: text(32, {
        regexp: /^\d{4}-\d{2}-\d{2}(?:\.[a-z]+)?$/,
        words: 'a version of Stripe such as 2026-10-28.endive',
      }),
      default: '2026-10-28.endive',
    }),
    idempotency_window_ms: setting({
      doc: 'How long Stripe remembers an idempotency key. Beyond it nothing is repeated, only looked up.',
      format: durationMs({ min: 1_000, max: 30 * DAY_MS }),
      default: DAY_MS,
    }),
  },
  veriff: {
    ...common('Veriff'),
    base_url: setting({
      doc: "Base URL of the integration, as Veriff's portal shows it, without /v1.",
      format: optional(url),
      default: null,
    }),
    api_key: setting({
      doc: 'API key of the integration (the X-AUTH-CLIENT header).',
      format: optional(secret),
      default: null,
      sensitive: true,
      live: true,
    }),
    shared_secret: setting({
      doc: 'Shared secret of the integration; signs requests and webhooks.',
      format: optional(secret),
      default: null,
      sensitive: true,
      live: true,
    }),
  },
};
