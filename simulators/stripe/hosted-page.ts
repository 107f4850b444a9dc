// The page where a person saves a card: Stripe Checkout in setup mode. It keeps the card number to
// itself; what comes of it is a payment method, a mandate and their events, in one transaction.

import { atomically, one } from '../twin/database.ts';
import { headerOf, matchPath, type TwinReply, type TwinRequest, htmlReply } from '../twin/http.ts';
import type { Call } from './call.ts';
import { type Card, declineAtSetup, readCard } from './cards.ts';
import { authenticatePage, cardPage, closedPage } from './hosted-page-html.ts';
import { closeSession, type SessionRow } from './checkout-sessions.ts';
import { finishAuthentication } from './payment-intent-moves.ts';
import type { PaymentIntentRow } from './payment-intents.ts';
import { attach, insertPaymentMethod } from './payment-methods.ts';
import { failSetupIntent, succeedSetupIntent } from './setup-intents.ts';

/** The reply for a hosted page, or null when the path is none. */
export function answerPage(request: TwinRequest, call: Call): TwinReply | null {
  const pay = matchPath('/c/pay/:id', request.path);
  if (pay !== null) return atomically(call.db, () => payPage(request, call, pay['id'] ?? ''));
  const challenge = matchPath('/c/authenticate/:id', request.path);
  if (challenge === null) return null;
  return atomically(call.db, () => challengePage(request, call, challenge['id'] ?? ''));
}

function payPage(request: TwinRequest, call: Call, id: string): TwinReply {
  const session = one<SessionRow>(call.db, 'select * from checkout_session where id = ?', id);
  if (session === undefined) return htmlReply(404, closedPage('There is no such page.'));
  const isOpen = session.status === 'open' && session.expires_ms > call.nowMs;
  if (!isOpen) {
    const isDone = session.status === 'complete';
    return htmlReply(
      410,
      closedPage(isDone ? 'Your card is already saved.' : 'This page has expired.'),
    );
  }
  if (request.method === 'GET') return htmlReply(200, cardPage({ action: request.path }));
  if (request.method !== 'POST') return htmlReply(405, closedPage('Please use the form.'));
  return submitCard(request, call, session);
}

function submitCard(request: TwinRequest, call: Call, session: SessionRow): TwinReply {
  const form = new URLSearchParams(request.body.toString('utf8'));
  const field = (name: string) => form.get(name) ?? '';
  const name = field('name').trim().slice(0, 200);
  const again = (error: string) => htmlReply(402, cardPage({ action: request.path, error, name }));
  const input = {
    number: field('card_number'),
    expiry: field('expiry'),
    cvc: field('cvc'),
  };
  const card = readCard(input, call.nowMs);
  if ('error' in card) return again(card.error);
  if (name === '') return again('Please enter the name on the card.');
  const decline = declineAtSetup(card.behaviour);
  if (decline !== null) {
    failSetupIntent(call, session.setup_intent, decline);
    return again(decline.message);
  }
  save(request, call, { session, card, name });
  const location = session.success_url.replaceAll('{CHECKOUT_SESSION_ID}', session.id);
  return { status: 303, headers: { location }, body: '' };
}

type Saving = { session: SessionRow; card: Card; name: string };

function save(request: TwinRequest, call: Call, { session, card, name }: Saving): void {
  const method = insertPaymentMethod(call, { card, customer: null, billingName: name });
  if (session.customer !== null) attach(call, method, session.customer);
  succeedSetupIntent(call, session.setup_intent, {
    paymentMethod: method,
    ipAddress: request.remoteAddress,
    userAgent: (headerOf(request, 'user-agent') ?? 'unknown').slice(0, 300),
  });
  closeSession(call, session.id, 'complete');
}

function challengePage(request: TwinRequest, call: Call, id: string): TwinReply {
  const row = one<PaymentIntentRow>(call.db, 'select * from payment_intent where id = ?', id);
  if (row?.status !== 'requires_action')
    return htmlReply(410, closedPage('There is nothing to confirm.'));
  if (request.method !== 'POST') return htmlReply(200, authenticatePage(request.path));
  const verdict = new URLSearchParams(request.body.toString('utf8')).get('verdict');
  finishAuthentication(call, id, verdict === 'complete');
  return htmlReply(200, closedPage('Thank you. You can close this page.'));
}
