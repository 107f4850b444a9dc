// What Stripe says about saving a card: customers, set-up sessions, their intents and tokens. Pure.

import type { HttpResponse } from '../../../platform/outside/http-exchange.ts';
import { endOfMonth, type PaymentMethod } from '../payment-method.ts';
import { isJson, parseBody, textOf } from './stripe-answers.ts';

export type MadeObject =
  | { kind: 'made'; ref: string; url: string | null }
  | { kind: 'retry'; reason: string; afterMs?: number; alert: boolean }
  /** The same key will answer with this failure for ever: a new one is needed. */
  | { kind: 'stored_failure'; reason: string }
  | { kind: 'refused'; reason: string };

/** Of a customer or a set-up session. Neither moves money, so a doubt is simply asked again. */
export function parseMade(response: HttpResponse): MadeObject {
  const { status, headers } = response;
  const body = parseBody(response);
  if (status === 200) {
    const ref = textOf(body?.['id']);
    if (ref === null) return { kind: 'retry', reason: 'a success without an id', alert: true };
    return { kind: 'made', ref, url: textOf(body?.['url']) };
  }
  const error = isJson(body?.['error']) ? body['error'] : {};
  const reason = `${status} ${textOf(error['code']) ?? textOf(error['type']) ?? ''}`.trim();
  if (status >= 500 && headers['idempotent-replayed'] === 'true')
    return { kind: 'stored_failure', reason };
  if (status >= 500 || status === 409 || status === 429)
    return { kind: 'retry', reason, alert: false };
  if (status === 401 || status === 403) return { kind: 'retry', reason, alert: true };
  return { kind: 'refused', reason: `${reason} ${textOf(error['param']) ?? ''}`.trim() };
}

export type SavedCard = Pick<
  PaymentMethod,
  'methodRef' | 'mandate' | 'brand' | 'lastFour' | 'funding' | 'expiresAt'
>;

export type SetupState =
  | { kind: 'saved'; card: SavedCard }
  | { kind: 'open' }
  | { kind: 'expired' }
  | { kind: 'failed'; reason: string }
  /** Nothing usable came back: ask again. */
  | { kind: 'unreadable'; reason: string };

/** A set-up session with its intent and the saved card expanded. */
export function parseSetupSession(response: HttpResponse): SetupState {
  const session = parseBody(response);
  if (response.status !== 200 || session === null)
    return { kind: 'unreadable', reason: `a fetch answered ${response.status}` };
  if (session['status'] === 'open') return { kind: 'open' };
  if (session['status'] === 'expired') return { kind: 'expired' };
  const intent = session['setup_intent'];
  if (session['status'] !== 'complete' || !isJson(intent))
    return {
      kind: 'unreadable',
      reason: `a session ${String(session['status'])} without its intent`,
    };
  if (intent['status'] !== 'succeeded')
    return { kind: 'failed', reason: `the set-up intent is ${String(intent['status'])}` };
  return readCard(intent);
}

function readCard(intent: Readonly<Record<string, unknown>>): SetupState {
  const method = intent['payment_method'];
  if (!isJson(method) || textOf(method['id']) === null)
    return { kind: 'unreadable', reason: 'a set-up intent without its card' };
  if (intent['usage'] !== 'off_session')
    return { kind: 'failed', reason: 'the card was not saved for use without its holder' };
  const card = isJson(method['card']) ? method['card'] : {};
  const [month, year] = [card['exp_month'], card['exp_year']];
  const isDated = typeof month === 'number' && typeof year === 'number';
  return {
    kind: 'saved',
    card: {
      methodRef: textOf(method['id']),
      mandate: { ref: textOf(intent['mandate']) ?? String(intent['id']), usage: 'off_session' },
      brand: textOf(card['brand']),
      lastFour: textOf(card['last4']),
      funding: textOf(card['funding']) ?? 'unknown',
      expiresAt: isDated ? endOfMonth(year, month) : null,
    },
  };
}
