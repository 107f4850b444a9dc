// How Stripe signs its webhooks and how long it keeps trying.

import { createHmac } from 'node:crypto';
import type { WebhookStyle } from '../twin/webhooks.ts';

const HOUR_MS = 3_600_000;

export const WEBHOOK_STYLE: WebhookStyle = {
  headers(body, nowMs, secret) {
    const at = Math.floor(nowMs / 1000);
    // The whole `whsec_…` text is the key, not what is encoded in it.
    const signature = createHmac('sha256', secret).update(`${at}.${body}`).digest('hex');
    return {
      'content-type': 'application/json; charset=utf-8',
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      accept: '*/*; q=0.5, application/xml',
      'cache-control': 'no-cache',
      'stripe-signature': `t=${at},v1=${signature}`,
    };
  },
  // Backoff over three days. The first wait is long, so whoever was away must read the event list.
  retryDelaysMs: [1, 2, 4, 8, 12, 12, 12, 12, 9].map((hours) => hours * HOUR_MS),
};
