// The outbox handler that makes a payment method at the provider: the customer, then the set-up session
// whose page the person opens. Nothing here moves money, so a lost reply is simply asked again with the
// same bytes under the same key.

import type { Tx } from '../../platform/database/database.ts';
import {
  handler,
  type Message,
  type OutboxHandler,
  type Prepared,
  type Sent,
  type Settled,
} from '../../platform/outbox/handler.ts';
import { sentOf } from '../../platform/outbox/sent.ts';
import type { HttpRequest, HttpResponse } from '../../platform/outside/http-exchange.ts';
import { idempotencyKey } from './idempotency-key.ts';
import { stripeHealth } from './operation-handler.ts';
import type { MethodStep, PaymentMethod } from './payment-method.ts';
import { parseMade } from './providers/stripe-methods.ts';
import { buildCustomer, buildSetupSession } from './providers/stripe-requests.ts';
import type { Room } from './room.ts';
import { tellMethod } from './settle-method.ts';
import { KEY_WINDOW_SHARE } from './settings.ts';
import { findCustomerRef, lockMethod, saveMethod } from './store-methods.ts';

interface MethodRequest {
  http: HttpRequest;
  step: MethodStep;
}

export function methodHandler(room: Room): OutboxHandler<never, never> {
  return handler<MethodRequest, HttpResponse>({
    prepare: (tx, message) => prepareMethod(room, tx, message),
    send: async ({ http }, signal) =>
      sentOf(await room.client.exchange(room.provider.sign(http), signal)),
    settle: (tx, message, { request, sent }) => settleMethod(room, tx, { message, request, sent }),
    healthOf: stripeHealth,
  });
}

const idOf = (message: Message): string =>
  (message.body as { payment_method_id: string }).payment_method_id;

async function prepareMethod(
  room: Room,
  tx: Tx,
  message: Message,
): Promise<Prepared<MethodRequest>> {
  let method = await lockMethod(tx, idOf(message));
  if (method === null || method.status !== 'creating')
    return { kind: 'nothing', reason: method === null ? 'it is gone' : `it is ${method.status}` };
  if (method.step === 'customer' && method.request === null) {
    // One customer for a person, however many cards: an earlier set-up may have made it meanwhile.
    const customerRef = method.customerRef ?? (await findCustomerRef(tx, method));
    if (customerRef !== null) method = { ...method, customerRef, step: 'session' };
  }
  const now = room.deps.world.clock.now();
  const windowMs = KEY_WINDOW_SHARE * room.provider.keyWindowMs;
  if (method.firstSentAt !== null && now >= method.firstSentAt + windowMs) method = anew(method);
  const http = stored(method) ?? build(room, tx.org, method);
  const firstSentAt = method.firstSentAt ?? now;
  await saveMethod(tx, { ...method, request: JSON.stringify(http), firstSentAt });
  return { kind: 'send', request: { http, step: method.step } };
}

function stored(method: PaymentMethod): HttpRequest | null {
  return method.request === null ? null : (JSON.parse(method.request) as HttpRequest);
}

/** The old key is forgotten or spent. At worst an unused customer or page remains at the provider. */
function anew(method: PaymentMethod): PaymentMethod {
  return { ...method, generation: method.generation + 1, request: null, firstSentAt: null };
}

function build(room: Room, orgId: string, method: PaymentMethod): HttpRequest {
  const key = idempotencyKey(orgId, method.id, method.generation);
  const view = {
    orgId,
    personId: method.personId,
    methodId: method.id,
    customerRef: method.customerRef,
    returnUrl: method.returnUrl,
    idempotencyKey: `${key}:${method.step}`,
  };
  return method.step === 'customer'
    ? buildCustomer(room.stripe, view)
    : buildSetupSession(room.stripe, view);
}

async function settleMethod(
  room: Room,
  tx: Tx,
  of: { message: Message; request: MethodRequest; sent: Sent<HttpResponse> },
): Promise<Settled> {
  const { message, request, sent } = of;
  const method = await lockMethod(tx, idOf(message));
  if (method === null || method.status !== 'creating' || method.step !== request.step)
    return { kind: 'done' };
  if (sent.kind !== 'answered') return { kind: 'retry', reason: sent.reason };
  const made = parseMade(sent.answer);
  const fresh = { request: null, firstSentAt: null };
  switch (made.kind) {
    case 'made':
      if (method.step === 'customer') {
        await saveMethod(tx, { ...method, ...fresh, customerRef: made.ref, step: 'session' });
        return { kind: 'continue' };
      }
      await saveMethod(tx, { ...method, setupRef: made.ref, url: made.url, status: 'open' });
      return { kind: 'done' };
    case 'retry':
      if (made.alert)
        room.deps.log.error({ org: tx.org, reason: made.reason }, 'the provider refuses a set-up');
      return { kind: 'retry', reason: made.reason };
    case 'stored_failure':
      await saveMethod(tx, anew(method));
      return { kind: 'retry', reason: made.reason };
    case 'refused': {
      const failed = await saveMethod(tx, { ...method, status: 'failed', reason: made.reason });
      await tellMethod(room, tx, { method: failed, traceId: message.traceId });
      return { kind: 'dead', reason: made.reason };
    }
  }
}
