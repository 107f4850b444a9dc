// Setup intents: the promise that a card may be charged later while its holder is away. They are made
// by a checkout session and succeed, with a mandate, when its hosted page is filled in.

import { insert, update } from '../twin/database.ts';
import { randomId } from '../twin/ids.ts';
import { type Call, find, ok, seconds, type StripeObject, tell, type Work } from './call.ts';
import type { Decline } from './cards.ts';
import type { Parameters } from './parameters.ts';

export type SetupIntentRow = {
  id: string;
  created_ms: number;
  customer: string | null;
  payment_method: string | null;
  mandate: string | null;
  status: string;
  usage: string;
  client_secret: string;
  last_setup_error: string | null;
  cancellation_reason: string | null;
  description: string | null;
  metadata: string;
};

type NewIntent = {
  customer: string | null;
  description: string | null;
  metadata: Record<string, string>;
};

export function insertSetupIntent(call: Call, input: NewIntent): string {
  const id = randomId('seti_1');
  insert(call.db, 'setup_intent', {
    id,
    created_ms: call.nowMs,
    customer: input.customer,
    status: 'requires_payment_method',
    usage: 'off_session',
    client_secret: `${id}_secret_${randomId('', 25)}`,
    description: input.description,
    metadata: JSON.stringify(input.metadata),
  });
  tell(call, 'setup_intent.created', presentSetupIntent(find(call, 'setup_intent', id)));
  return id;
}

export function readSetupIntent(p: Parameters, id: string): Work {
  p.ignore('client_secret');
  return (call) => ok(presentSetupIntent(find(call, 'setup_intent', id)));
}

type Acceptance = { paymentMethod: string; ipAddress: string; userAgent: string };

export function succeedSetupIntent(call: Call, id: string, accepted: Acceptance): void {
  const mandate = randomId('mandate_1');
  insert(call.db, 'mandate', {
    id: mandate,
    created_ms: call.nowMs,
    payment_method: accepted.paymentMethod,
    status: 'active',
    ip_address: accepted.ipAddress,
    user_agent: accepted.userAgent,
  });
  update(call.db, 'setup_intent', id, {
    status: 'succeeded',
    payment_method: accepted.paymentMethod,
    mandate,
    last_setup_error: null,
  });
  tell(call, 'setup_intent.succeeded', presentSetupIntent(find(call, 'setup_intent', id)));
}

export function failSetupIntent(call: Call, id: string, decline: Decline): void {
  const error = {
    code: decline.code,
    decline_code: decline.declineCode,
    message: decline.message,
    type: 'card_error',
  };
  update(call.db, 'setup_intent', id, { last_setup_error: JSON.stringify(error) });
  tell(call, 'setup_intent.setup_failed', presentSetupIntent(find(call, 'setup_intent', id)));
}

export function presentSetupIntent(row: SetupIntentRow): StripeObject {
  return {
    id: row.id,
    object: 'setup_intent',
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: row.cancellation_reason,
    client_secret: row.client_secret,
    created: seconds(row.created_ms),
    customer: row.customer,
    description: row.description,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error:
      row.last_setup_error === null ? null : (JSON.parse(row.last_setup_error) as unknown),
    latest_attempt: null,
    livemode: false,
    mandate: row.mandate,
    metadata: JSON.parse(row.metadata) as unknown,
    next_action: null,
    on_behalf_of: null,
    payment_method: row.payment_method,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: row.status,
    usage: row.usage,
  };
}

type MandateRow = {
  id: string;
  created_ms: number;
  payment_method: string;
  status: string;
  ip_address: string;
  user_agent: string;
};

export function readMandate(_p: Parameters, id: string): Work {
  return (call) => ok(presentMandate(find(call, 'mandate', id)));
}

export function presentMandate(row: MandateRow): StripeObject {
  return {
    id: row.id,
    object: 'mandate',
    customer_acceptance: {
      accepted_at: seconds(row.created_ms),
      online: { ip_address: row.ip_address, user_agent: row.user_agent },
      type: 'online',
    },
    livemode: false,
    multi_use: {},
    payment_method: row.payment_method,
    payment_method_details: { card: {}, type: 'card' },
    status: row.status,
    type: 'multi_use',
  };
}
