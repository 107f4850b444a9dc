// Every endpoint of the twin's API, as one table.

import { matchPath } from '../twin/http.ts';
import type { Work } from './call.ts';
import { listCharges, readCharge } from './charges.ts';
import { createSession, expireSession, listSessions, readSession } from './checkout-sessions.ts';
import {
  createCustomer,
  deleteCustomer,
  listCustomers,
  readOneCustomer,
  updateCustomer,
} from './customers.ts';
import { listEvents, readEvent } from './events.ts';
import type { Parameters } from './parameters.ts';
import {
  cancelPaymentIntent,
  capturePaymentIntent,
  confirmPaymentIntent,
  createPaymentIntent,
  updatePaymentIntent,
} from './payment-intent-moves.ts';
import { listPaymentIntents, readPaymentIntent } from './payment-intents.ts';
import {
  attachPaymentMethod,
  detachPaymentMethod,
  listCustomersPaymentMethods,
  listPaymentMethods,
  readCustomersPaymentMethod,
  readPaymentMethod,
} from './payment-methods.ts';
import { createRefund, listRefunds, readRefund } from './refunds.ts';
import { readMandate, readSetupIntent } from './setup-intents.ts';

type Parse = (p: Parameters, id: string, second: string) => Work;

const ROUTES: readonly (readonly [string, string, Parse])[] = [
  ['POST', '/v1/customers', createCustomer],
  ['GET', '/v1/customers', listCustomers],
  ['GET', '/v1/customers/:id', readOneCustomer],
  ['POST', '/v1/customers/:id', updateCustomer],
  ['DELETE', '/v1/customers/:id', deleteCustomer],
  ['GET', '/v1/customers/:id/payment_methods', listCustomersPaymentMethods],
  ['GET', '/v1/customers/:id/payment_methods/:second', readCustomersPaymentMethod],
  ['POST', '/v1/checkout/sessions', createSession],
  ['GET', '/v1/checkout/sessions', listSessions],
  ['GET', '/v1/checkout/sessions/:id', readSession],
  ['POST', '/v1/checkout/sessions/:id/expire', expireSession],
  ['GET', '/v1/setup_intents/:id', readSetupIntent],
  ['GET', '/v1/mandates/:id', readMandate],
  ['GET', '/v1/payment_methods', listPaymentMethods],
  ['GET', '/v1/payment_methods/:id', readPaymentMethod],
  ['POST', '/v1/payment_methods/:id/attach', attachPaymentMethod],
  ['POST', '/v1/payment_methods/:id/detach', detachPaymentMethod],
  ['POST', '/v1/payment_intents', createPaymentIntent],
  ['GET', '/v1/payment_intents', listPaymentIntents],
  ['GET', '/v1/payment_intents/:id', readPaymentIntent],
  ['POST', '/v1/payment_intents/:id', updatePaymentIntent],
  ['POST', '/v1/payment_intents/:id/confirm', confirmPaymentIntent],
  ['POST', '/v1/payment_intents/:id/capture', capturePaymentIntent],
  ['POST', '/v1/payment_intents/:id/cancel', cancelPaymentIntent],
  ['GET', '/v1/charges', listCharges],
  ['GET', '/v1/charges/:id', readCharge],
  ['POST', '/v1/refunds', createRefund],
  ['GET', '/v1/refunds', listRefunds],
  ['GET', '/v1/refunds/:id', readRefund],
  ['GET', '/v1/events', listEvents],
  ['GET', '/v1/events/:id', readEvent],
];

export type Found = { parse(p: Parameters): Work };

export function findRoute(method: string, path: string): Found | null {
  for (const [wanted, pattern, parse] of ROUTES) {
    const found = wanted === method ? matchPath(pattern, path) : null;
    if (found === null) continue;
    const { id = '', second = '' } = found;
    return { parse: (p) => parse(p, decodeURIComponent(id), decodeURIComponent(second)) };
  }
  return null;
}
