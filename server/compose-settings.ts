// From the configuration's words to the settings of each room. No decisions, only names and units; the
// one file to read when a setting seems to have no effect.

import type { Config } from '../config/load.ts';
import type { Build } from './domains/appliance/index.ts';
import type { BiometricsSettings } from './domains/biometrics/index.ts';
import type { KycSettings, VeriffSettings } from './domains/kyc/index.ts';
import type { PaymentSettings, StripeSettings } from './domains/payments/index.ts';
import { API_VERSIONS, type HttpSettings } from './platform/http/index.ts';
import type { InboxSettings, WebhookSecret } from './platform/inbox/index.ts';
import type { DestinationSettings, OutboxSettings } from './platform/outbox/index.ts';
import { HTTP_CLIENT_DEFAULTS, type HttpClientSettings } from './platform/outside/http-client.ts';

const DAY_MS = 86_400_000;
/** Imports of a whole population may take this long. */
const STREAM_TIMEOUT_MS = 600_000;

export function httpSettings(
  { http, api, inbox }: Config,
  { build, cursorKey }: { build: Build; cursorKey: Uint8Array },
): HttpSettings {
  return {
    headerLimitBytes: http.header_limit_bytes,
    bodyLimitBytes: http.body_limit_bytes,
    rawLimitBytes: inbox.raw_limit_bytes,
    importBodyLimitBytes: http.import_body_limit_bytes,
    importLineLimitBytes: http.import_line_limit_bytes,
    requestTimeoutMs: http.request_timeout_ms,
    streamTimeoutMs: STREAM_TIMEOUT_MS,
    drainNoticeMs: 0,
    drainMs: http.drain_ms,
    pageLimitDefault: api.page_limit_default,
    pageLimitMax: api.page_limit_max,
    idempotencyDays: api.idempotency_days,
    cursorKey,
    versions: API_VERSIONS,
    build,
  };
}

export function outboxSettings({ outbox }: Config): Partial<OutboxSettings> {
  return {
    leaseMs: outbox.lease_ms,
    renewMs: outbox.renew_ms,
    leaseMarginMs: Math.min(5_000, Math.floor(outbox.lease_ms / 3)),
    pollMs: outbox.poll_ms,
    fetchMax: outbox.batch,
    backoffBaseMs: outbox.backoff_base_ms,
    backoffCapMs: outbox.backoff_cap_ms,
    attemptsMax: outbox.attempts_max,
    attemptsKeptMs: outbox.retention_days * DAY_MS,
  };
}

type Provider = 'stripe' | 'veriff';

export function destinationSettings(config: Config, provider: Provider): DestinationSettings {
  const { outbox, providers } = config;
  const sendTimeoutMs = providers[provider].timeout_ms;
  return {
    inflightMax: Math.min(outbox.inflight_max, providers[provider].connections),
    failuresToOpen: outbox.breaker.failures,
    openMs: outbox.breaker.open_ms,
    openMsMax: outbox.breaker.open_ms_max,
    probeMs: sendTimeoutMs + 30_000,
    sendTimeoutMs,
  };
}

/** The client's own limits end an exchange a little before the outbox would abort it. */
export function clientSettings(
  config: Config,
  provider: Provider,
): Omit<HttpClientSettings, 'baseUrl'> {
  const settings = config.providers[provider];
  const { proxy_url: proxyUrl, proxy_password: credentials } = config.outside;
  const exchangeMs = Math.floor(settings.timeout_ms * 0.9);
  return {
    ...HTTP_CLIENT_DEFAULTS,
    proxy: proxyUrl === null ? null : { url: proxyUrl, credentials },
    connectionsMax: settings.connections,
    connectTimeoutMs: Math.min(settings.connect_timeout_ms, exchangeMs),
    headersTimeoutMs: exchangeMs,
    bodyIdleTimeoutMs: exchangeMs,
    totalTimeoutMs: exchangeMs,
  };
}

export function inboxSettings(config: Config): Partial<InboxSettings> {
  return {
    bodyBytesMax: config.inbox.raw_limit_bytes,
    pastMaxMs: config.inbox.tolerance_ms,
    futureMaxMs: config.inbox.skew_future_ms,
    pollEveryMs: config.providers.stripe.poll_ms,
  };
}

export function biometricsSettings({ identification }: Config): BiometricsSettings {
  return {
    falsePositiveRate: identification.false_positive_rate,
    marginMin: identification.margin_min,
    workers: identification.workers,
    stalenessMaxMs: identification.staleness_max_ms,
    galleryMax: identification.gallery_max,
  };
}

export function paymentSettings({ payments }: Config): PaymentSettings {
  const { online, offline, unknown } = payments;
  return {
    currencyDefault: payments.currency_default,
    online: {
      limitTxnMinor: online.limit_txn_minor,
      limitPersonOpenMinor: online.limit_person_open_minor,
    },
    offline: {
      enabled: offline.enabled,
      limitTxnMinor: offline.limit_txn_minor,
      limitPersonOpenMinor: offline.limit_person_open_minor,
      limitPersonDayMinor: offline.limit_person_day_minor,
      limitTerminalOpenMinor: offline.limit_terminal_open_minor,
      limitSiteOpenMinor: offline.limit_site_open_minor,
      contactMaxAgeMs: offline.contact_max_age_ms,
      forwardMaxAgeMs: offline.forward_max_age_ms,
    },
    unknown: {
      lookupDelayMs: unknown.lookup_delay_ms,
      lookupMisses: unknown.lookup_misses,
      absentAfterMs: unknown.absent_after_ms,
      escalateAfterMs: unknown.escalate_after_ms,
    },
  };
}

export function stripeSettings({ providers }: Config): StripeSettings {
  const { stripe } = providers;
  return {
    secretKey: stripe.secret_key ?? '',
    apiVersion: stripe.api_version,
    idempotencyWindowMs: stripe.idempotency_window_ms,
  };
}

export function kycSettings({ kyc, providers }: Config): KycSettings {
  return {
    approvalMs: kyc.approval_days * DAY_MS,
    level: kyc.level,
    pollEveryMs: providers.veriff.poll_ms,
  };
}

export function veriffSettings({ providers }: Config): VeriffSettings {
  const { api_key: apiKey, shared_secret: sharedSecret } = providers.veriff;
  return { apiKey: apiKey ?? '', sharedSecret: sharedSecret ?? '' };
}

/** Every secret that is active, so that one can be rotated out while both are in use. */
export function webhookSecrets({ providers }: Config, provider: string): WebhookSecret[] {
  const secrets =
    provider === 'stripe' ? providers.stripe.webhook_secrets : [providers.veriff.shared_secret];
  return secrets
    .filter((secret) => secret !== null)
    .map((secret, index) => ({ id: `${provider}-${index + 1}`, secret }));
}
