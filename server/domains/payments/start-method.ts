// Begins a payment method: a row, its event and the message that makes it at the provider. The person
// then completes the provider's own page.

import type { Tx } from '../../platform/database/database.ts';
import { enqueue } from '../../platform/outbox/enqueue.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import { type Actor, tell } from '../audit/index.ts';
import type { PaymentMethod } from './payment-method.ts';
import { DESTINATION, METHOD_MESSAGE, type Room } from './room.ts';
import { insertMethod } from './store-methods.ts';

export interface NewMethod {
  personId: string;
  returnUrl: string;
  actor: Actor;
  traceId: string | null;
}

export async function startMethod(room: Room, tx: Tx, wanted: NewMethod): Promise<PaymentMethod> {
  const { deps } = room;
  const person = await room.ask.person(tx, wanted.personId);
  if (person === null) throw notFound('person', wanted.personId);
  if (!person.active) {
    throw new AppError('conflict', `Expected an active person, found ${wanted.personId} erased.`);
  }
  const method: PaymentMethod = {
    id: deps.ids.make('paymentMethod'),
    personId: wanted.personId,
    providerAccountId: await room.ask.providerAccount(tx, room.provider.name),
    status: 'creating',
    url: null,
    returnUrl: wanted.returnUrl,
    customerRef: null,
    setupRef: null,
    methodRef: null,
    mandate: null,
    brand: null,
    lastFour: null,
    funding: null,
    expiresAt: null,
    step: 'customer',
    generation: 1,
    request: null,
    firstSentAt: null,
    reason: null,
    createdAt: deps.world.clock.now(),
    version: 1,
  };
  insertMethod(tx, method);
  await tell(deps, tx, {
    type: 'payment_method.started',
    subject: { kind: 'payment_method', id: method.id },
    nodeId: person.nodeId,
    actor: wanted.actor,
    data: { person_id: wanted.personId },
    traceId: wanted.traceId,
  });
  await enqueue(tx, deps, {
    type: METHOD_MESSAGE,
    destination: DESTINATION,
    // By person: two cards begun at once share one customer.
    aggregate: wanted.personId,
    uid: method.id,
    body: { payment_method_id: method.id },
    traceId: wanted.traceId,
  });
  return method;
}
