// An event is a hint: what it names is fetched, and what was fetched goes through the same transition
// function as a reply or a look-up. An event whose news we have already is only marked.

import type { Tx } from '../../platform/database/database.ts';
import { type InboxMessageBody, markInboxEvent } from '../../platform/inbox/index.ts';
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
import { applyOutcome, type News } from './apply-outcome.ts';
import { isOpen, type Operation } from './operation.ts';
import { stripeHealth } from './operation-handler.ts';
import { viewOf } from './operation-view.ts';
import type { Found, Outcome } from './outcome.ts';
import type { Payment } from './payment.ts';
import { fetchSetupSession } from './providers/stripe-requests.ts';
import type { Room } from './room.ts';
import { applySetupSession } from './settle-method.ts';
import { listOperations } from './store-operations.ts';
import { findAttemptByRef, lockPayment } from './store-payments.ts';

interface Fetch {
  http: HttpRequest;
  objectRef: string;
}

export function refetchHandler(room: Room): OutboxHandler<never, never> {
  return handler<Fetch, HttpResponse>({
    prepare: (tx, message) => prepareFetch(room, tx, message),
    send: async ({ http }, signal) =>
      sentOf(await room.client.exchange(room.provider.sign(http), signal)),
    settle: (tx, message, { request, sent }) => settleFetch(room, tx, { message, request, sent }),
    healthOf: stripeHealth,
  });
}

async function prepareFetch(room: Room, tx: Tx, message: Message): Promise<Prepared<Fetch>> {
  const body = message.body as InboxMessageBody;
  const objectRef = body.object_ref;
  const ignore = async (reason: string): Promise<Prepared<Fetch>> => {
    await mark(room, tx, message, { status: 'ignored', reason });
    return { kind: 'nothing', reason };
  };
  if (objectRef === null) return ignore(`${body.type} moves nothing here`);
  if (objectRef.startsWith('cs_'))
    return {
      kind: 'send',
      request: { http: fetchSetupSession(room.stripe, objectRef), objectRef },
    };
  const http = room.provider.fetch(objectRef);
  if (http === null) return ignore(`${objectRef} is of no kind that moves an operation`);
  const attempt = await findAttemptByRef(tx, objectRef);
  if (attempt !== null) {
    const operations = await listOperations(tx, attempt.paymentId);
    if (isKnown(body.type, operations)) {
      await mark(room, tx, message, { status: 'applied', reason: 'known already' });
      return { kind: 'nothing', reason: 'known already' };
    }
  }
  return { kind: 'send', request: { http, objectRef } };
}

/** What an event of a type can tell at most: this operation, in this status. */
const TELLS: Readonly<Record<string, Pick<Operation, 'kind' | 'status'> | undefined>> = {
  'payment_intent.amount_capturable_updated': { kind: 'authorise', status: 'succeeded' },
  'charge.succeeded': { kind: 'authorise', status: 'succeeded' },
  'payment_intent.succeeded': { kind: 'capture', status: 'succeeded' },
  'charge.captured': { kind: 'capture', status: 'succeeded' },
  'payment_intent.payment_failed': { kind: 'authorise', status: 'declined' },
  'charge.failed': { kind: 'authorise', status: 'declined' },
  'payment_intent.canceled': { kind: 'void', status: 'succeeded' },
};

function isKnown(type: string, operations: readonly Operation[]): boolean {
  if (type === 'payment_intent.created') return true; // found by its id, so the id is known
  const news = TELLS[type];
  return (
    news !== undefined &&
    operations.some(({ kind, status }) => kind === news.kind && status === news.status)
  );
}

async function settleFetch(
  room: Room,
  tx: Tx,
  of: { message: Message; request: Fetch; sent: Sent<HttpResponse> },
): Promise<Settled> {
  const { message, request, sent } = of;
  // A question: when its answer is lost it is asked again.
  if (sent.kind !== 'answered') return { kind: 'retry', reason: sent.reason };
  const { status } = sent.answer;
  if (status === 404) {
    await mark(room, tx, message, { status: 'ignored', reason: 'Stripe does not know it' });
    return { kind: 'done' };
  }
  if (status !== 200) return { kind: 'retry', reason: `a fetch answered ${status}` };
  if (request.objectRef.startsWith('cs_')) {
    const applied = await applySetupSession(room, tx, {
      setupRef: request.objectRef,
      response: sent.answer,
      traceId: message.traceId,
    });
    await mark(room, tx, message, applied);
    return { kind: 'done' };
  }
  await mark(room, tx, message, await applyFetched(room, tx, { message, response: sent.answer }));
  return { kind: 'done' };
}

export interface Marked {
  status: 'applied' | 'ignored';
  reason?: string;
}

async function applyFetched(
  room: Room,
  tx: Tx,
  { message, response }: { message: Message; response: HttpResponse },
): Promise<Marked> {
  const owner = room.provider.ownerOf(response);
  if (owner === null || owner.orgId !== tx.org)
    return { status: 'ignored', reason: 'it carries no reference of this organization' };
  let payment = await lockPayment(tx, owner.paymentId);
  if (payment === null) return { status: 'ignored', reason: 'there is no such payment' };
  const actor = { kind: 'provider', id: room.provider.name };
  for (const operation of await listOperations(tx, payment.id)) {
    if (operation.kind === 'refund' && operation.id !== owner.operationId) continue;
    const outcome = newsFor(operation, await read(room, tx, { payment, operation, response }));
    if (outcome === null) continue;
    const { traceId } = message;
    const news: News = { payment, operation, outcome, resolvedBy: 'event', actor, traceId };
    payment = (await applyOutcome(room, tx, news)).payment;
  }
  return { status: 'applied' };
}

async function read(
  room: Room,
  tx: Tx,
  of: { payment: Payment; operation: Operation; response: HttpResponse },
): Promise<Found> {
  const view = await viewOf(tx, of.payment, of.operation);
  return room.provider.parseFetched(view, of.response);
}

/** Only news: what an object does not show yet proves nothing, and a request under way answers itself. */
function newsFor(operation: Operation, found: Found): Outcome | null {
  const { status, kind } = operation;
  if (found.kind === 'miss' || found.kind === 'unknown') return null;
  if (status === 'sending') return found.kind === 'succeeded' ? found : null;
  if (isOpen(status)) return found;
  if (status === 'declined') return found.kind === 'succeeded' ? found : null;
  return kind === 'refund' && status === 'succeeded' && found.kind === 'declined' ? found : null;
}

async function mark(room: Room, tx: Tx, message: Message, marked: Marked): Promise<void> {
  const { inbox_event_id: id } = message.body as InboxMessageBody;
  await markInboxEvent(tx, { id, at: room.deps.world.clock.now(), ...marked });
}
