// The table of payment routes.

import { transaction } from '../../platform/database/database.ts';
import { type AnyRoute, type Caller, route } from '../../platform/http/route.ts';
import { notFound } from '../../shared/errors.ts';
import type { Actor } from '../audit/index.ts';
import { refundPayment, voidPayment } from './change-payment.ts';
import { presentMethod, presentMoney, presentPayment, presentReceivable } from './present.ts';
import { receivablesOf, settleReceivable } from './receivables.ts';
import type { Room } from './room.ts';
import * as schemas from './schemas.ts';
import { startMethod } from './start-method.ts';
import { findMethod, listMethods } from './store-methods.ts';
import { listOperations, listOperationsOf } from './store-operations.ts';
import { findPayment, listPayments, type NodePredicate } from './store-payments.ts';

export function paymentRoutes(room: Room, nodeScope: NodePredicate): readonly AnyRoute[] {
  return [
    ...methodRoutes(room),
    ...paymentReads(nodeScope),
    ...paymentWrites(room),
    ...receivableRoutes(room),
  ];
}

function methodRoutes(room: Room): readonly AnyRoute[] {
  return [
    route({
      operationId: 'createPaymentMethod',
      method: 'POST',
      path: '/v1/people/:person_id/payment-methods',
      summary: 'Begin saving a payment method',
      description:
        'Answers at once with status `creating`. When the provider has made its page, the method is ' +
        '`open` and `url` leads there; once the person has completed it, it is `active`.',
      tag: 'Payments',
      action: 'payment_method.create',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'accepted',
      params: schemas.PersonParams,
      body: schemas.NewPaymentMethod,
      answer: schemas.PaymentMethod,
      status: 202,
      run: ({ db, params, body, caller, traceId }) =>
        transaction(db, (tx) =>
          startMethod(room, tx, {
            personId: params.person_id,
            returnUrl: body.return_url,
            actor: actorOf(caller),
            traceId,
          }),
        ),
      present: presentMethod,
      versionOf: (method) => method.version,
      locationOf: (method) => `/v1/payment-methods/${method.id}`,
    }),
    route({
      operationId: 'listPaymentMethods',
      method: 'GET',
      path: '/v1/people/:person_id/payment-methods',
      summary: 'The payment methods of a person',
      tag: 'Payments',
      action: 'payment_method.read',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'none',
      pagination: 'cursor',
      params: schemas.PersonParams,
      answer: schemas.PaymentMethod,
      status: 200,
      run: ({ db, params, page }) => listMethods(db, params.person_id, page),
      present: (page) => page.data.map(presentMethod),
    }),
    route({
      operationId: 'getPaymentMethod',
      method: 'GET',
      path: '/v1/payment-methods/:payment_method_id',
      summary: 'One payment method',
      tag: 'Payments',
      action: 'payment_method.read',
      resource: { kind: 'payment_method', param: 'payment_method_id' },
      idempotency: 'none',
      params: schemas.PaymentMethodParams,
      answer: schemas.PaymentMethod,
      status: 200,
      run: async ({ db, params }) => {
        const method = await findMethod(db, params.payment_method_id);
        if (method === null) throw notFound('payment method', params.payment_method_id);
        return method;
      },
      present: presentMethod,
      versionOf: (method) => method.version,
    }),
  ];
}

function paymentReads(nodeScope: NodePredicate): readonly AnyRoute[] {
  return [
    route({
      operationId: 'listPayments',
      method: 'GET',
      path: '/v1/payments',
      summary: 'The payments within reach',
      tag: 'Payments',
      action: 'payment.read',
      resource: 'collection',
      idempotency: 'none',
      pagination: 'cursor',
      query: schemas.PaymentFilter,
      answer: schemas.Payment,
      status: 200,
      run: async ({ db, scope, query, page }) => {
        const filter = {
          scope,
          nodeScope,
          status: query.status ?? null,
          personId: query.person_id ?? null,
          deviceId: query.device_id ?? null,
        };
        const found = await listPayments(db, filter, page);
        const ids = found.data.map(({ id }) => id);
        const operations = await listOperationsOf(db, ids);
        const data = found.data.map((payment) => ({
          payment,
          operations: operations.get(payment.id) ?? [],
        }));
        return { data, hasMore: found.hasMore };
      },
      present: (page) => page.data.map(presentPayment),
    }),
    route({
      operationId: 'getPayment',
      method: 'GET',
      path: '/v1/payments/:payment_id',
      summary: 'One payment with its operations',
      tag: 'Payments',
      action: 'payment.read',
      resource: { kind: 'payment', param: 'payment_id' },
      idempotency: 'none',
      params: schemas.PaymentParams,
      answer: schemas.Payment,
      status: 200,
      run: async ({ db, params }) => {
        const payment = await findPayment(db, params.payment_id);
        if (payment === null) throw notFound('payment', params.payment_id);
        return { payment, operations: await listOperations(db, payment.id) };
      },
      present: presentPayment,
      versionOf: ({ payment }) => payment.version,
    }),
  ];
}

function paymentWrites(room: Room): readonly AnyRoute[] {
  return [
    route({
      operationId: 'refundPayment',
      method: 'POST',
      path: '/v1/payments/:payment_id/refunds',
      summary: 'Give captured money back',
      description:
        'Queued, and sent when the provider can be reached. Refused while the payment is in doubt.',
      tag: 'Payments',
      action: 'payment.refund',
      resource: { kind: 'payment', param: 'payment_id' },
      idempotency: 'required',
      params: schemas.PaymentParams,
      body: schemas.NewRefund,
      answer: schemas.Payment,
      status: 202,
      run: ({ db, params, body, caller, traceId }) =>
        transaction(db, (tx) =>
          refundPayment(room, tx, {
            paymentId: params.payment_id,
            amountMinor: body.amount ?? null,
            actor: actorOf(caller),
            traceId,
          }),
        ),
      concernsOf: ({ payment }) => payment.personId,
      present: presentPayment,
      versionOf: ({ payment }) => payment.version,
      locationOf: ({ payment }) => `/v1/payments/${payment.id}`,
    }),
    route({
      operationId: 'voidPayment',
      method: 'POST',
      path: '/v1/payments/:payment_id/void',
      summary: 'Give an authorisation back before it is captured',
      tag: 'Payments',
      action: 'payment.void',
      resource: { kind: 'payment', param: 'payment_id' },
      idempotency: 'accepted',
      params: schemas.PaymentParams,
      answer: schemas.Payment,
      status: 202,
      run: ({ db, params, caller, traceId }) =>
        transaction(db, (tx) =>
          voidPayment(room, tx, {
            paymentId: params.payment_id,
            actor: actorOf(caller),
            traceId,
          }),
        ),
      concernsOf: ({ payment }) => payment.personId,
      present: presentPayment,
      versionOf: ({ payment }) => payment.version,
      locationOf: ({ payment }) => `/v1/payments/${payment.id}`,
    }),
  ];
}

function receivableRoutes(room: Room): readonly AnyRoute[] {
  return [
    route({
      operationId: 'listReceivables',
      method: 'GET',
      path: '/v1/people/:person_id/receivables',
      summary: 'What a person owes',
      tag: 'Payments',
      action: 'receivable.read',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'none',
      params: schemas.PersonParams,
      answer: schemas.Receivables,
      status: 200,
      run: ({ db, params }) => receivablesOf(room, db, params.person_id),
      present: (found) => ({ data: found.map(presentReceivable) }),
    }),
    route({
      operationId: 'settleReceivable',
      method: 'POST',
      path: '/v1/payments/:payment_id/settle-receivable',
      summary: 'Record that a declined payment was paid in another way',
      tag: 'Payments',
      action: 'receivable.settle',
      resource: { kind: 'payment', param: 'payment_id' },
      idempotency: 'accepted',
      params: schemas.PaymentParams,
      body: schemas.Settlement,
      answer: schemas.Settled,
      status: 200,
      run: ({ db, params, body, caller, traceId }) =>
        transaction(db, (tx) =>
          settleReceivable(room, tx, {
            paymentId: params.payment_id,
            note: body.note,
            actor: actorOf(caller),
            traceId,
          }),
        ),
      concernsOf: ({ payment }) => payment.personId,
      present: ({ payment, settledMinor }) => ({
        payment_id: payment.id,
        settled: presentMoney(settledMinor, payment.currency),
      }),
    }),
  ];
}

function actorOf(caller: Caller): Actor {
  return { kind: caller.kind, id: caller.credentialId };
}
