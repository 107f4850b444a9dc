// The Stripe twin as one provider: API requests, hosted pages, keys in use, and what falls due by
// itself. An error that is not Stripe's own becomes a 500 and leaves nothing behind.

import { all, atomically, type Database } from '../twin/database.ts';
import type { TwinRequest } from '../twin/http.ts';
import type { Provider, TwinParts } from '../twin/run-twin.ts';
import { answerApi, idempotencyKeyOf, refusal } from './api.ts';
import type { Call } from './call.ts';
import { expireDueSessions } from './checkout-sessions.ts';
import { StripeError } from './errors.ts';
import { answerPage } from './hosted-page.ts';
import { keyInUse } from './idempotency.ts';
import { lapseDueAuthorisations } from './payment-intent-moves.ts';
import { settleDueRefunds } from './refunds.ts';

export function createStripe({ db, clock, webhooks, flags, log, baseUrl }: TwinParts): Provider {
  const keysInUse = new Set<string>();
  const secretKey = flags.text('secret-key');
  const callOf = (request: TwinRequest | null): Call => ({
    db,
    nowMs: clock.nowMs(),
    baseUrl: baseUrl(),
    webhooks,
    requestId: request?.id ?? null,
    idempotencyKey: request === null ? null : idempotencyKeyOf(request),
  });

  return {
    claim(request) {
      const key = idempotencyKeyOf(request);
      if (key === null) return () => {};
      if (keysInUse.has(key)) return refusal(request, keyInUse(key));
      keysInUse.add(key);
      return () => void keysInUse.delete(key);
    },
    handle(request, failWith) {
      try {
        const page = answerPage(request, callOf(null));
        return page ?? answerApi(request, { call: callOf(request), secretKey, failWith });
      } catch (error) {
        log('request.failed', { id: request.id, path: request.path, error: String(error) });
        const message = 'An unknown error occurred in the twin.';
        return refusal(request, new StripeError(500, message, { type: 'api_error' }));
      } finally {
        webhooks.wake();
      }
    },
    sweep() {
      const call = callOf(null);
      atomically(db, () => {
        expireDueSessions(call);
        lapseDueAuthorisations(call);
        settleDueRefunds(call);
      });
      webhooks.wake();
    },
    counts: () => counts(db),
  };
}

function counts(db: Database): Record<string, unknown> {
  const tables = [
    'customer',
    'payment_method',
    'setup_intent',
    'checkout_session',
    'payment_intent',
    'charge',
    'refund',
    'event',
    'idempotency_key',
  ];
  const byTable = tables.map((table) => {
    const [row] = all<{ n: number }>(db, `select count(*) as n from ${table}`);
    return [table, row?.n ?? 0];
  });
  const sql = 'select status, count(*) as n from payment_intent group by status';
  const byStatus = all<{ status: string; n: number }>(db, sql).map(({ status, n }) => [status, n]);
  return { ...Object.fromEntries(byTable), payment_intent_by_status: Object.fromEntries(byStatus) };
}
