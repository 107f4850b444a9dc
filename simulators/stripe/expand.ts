// `expand[]`: replaces an id in an answer by the object it names, a few levels deep.

import { type Call, find, type StripeObject } from './call.ts';
import { presentCharge } from './charges.ts';
import { presentSession } from './checkout-sessions.ts';
import { presentCustomer } from './customers.ts';
import { badParam } from './errors.ts';
import { presentPaymentIntent } from './payment-intents.ts';
import { presentPaymentMethod } from './payment-methods.ts';
import { presentRefund } from './refund.ts';
import { presentMandate, presentSetupIntent } from './setup-intents.ts';

const DEPTH_MAX = 4;

type Load = (call: Call, id: string) => StripeObject;

const LOADS: Record<string, Load> = {
  cus: (call, id) => presentCustomer(find(call, 'customer', id)),
  pm: (call, id) => presentPaymentMethod(find(call, 'payment_method', id)),
  seti: (call, id) => presentSetupIntent(find(call, 'setup_intent', id)),
  mandate: (call, id) => presentMandate(find(call, 'mandate', id)),
  cs: (call, id) => presentSession(call, find(call, 'checkout_session', id)),
  pi: (call, id) => presentPaymentIntent(call, find(call, 'payment_intent', id)),
  ch: (call, id) => presentCharge(call, find(call, 'charge', id)),
  re: (call, id) => presentRefund(find(call, 'refund', id)),
};

export function expand(call: Call, body: StripeObject, paths: string[]): StripeObject {
  const copy = structuredClone(body);
  for (const path of paths) {
    const steps = path.split('.');
    if (steps.length > DEPTH_MAX) {
      throw badParam(
        'expand',
        `You cannot expand more than ${DEPTH_MAX} levels of a property: ${path}`,
      );
    }
    expandInto(call, copy, { steps, path });
  }
  return copy;
}

function expandInto(
  call: Call,
  node: StripeObject,
  { steps, path }: { steps: string[]; path: string },
) {
  const [name = '', ...rest] = steps;
  const value = node[name];
  if (Array.isArray(value)) {
    for (const item of value as StripeObject[]) expandInto(call, item, { steps: rest, path });
    return;
  }
  if (typeof value === 'string') {
    const load = LOADS[value.split('_')[0] ?? ''];
    if (load === undefined || name === 'id') throw cannotExpand(path);
    node[name] = load(call, value);
  } else if (value === undefined || (value !== null && typeof value !== 'object')) {
    throw cannotExpand(path);
  }
  const next = node[name];
  if (rest.length > 0 && next !== null)
    expandInto(call, next as StripeObject, { steps: rest, path });
}

function cannotExpand(path: string) {
  return badParam('expand', `This property cannot be expanded (${path}).`);
}
