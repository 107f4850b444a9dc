// The only door of payments: the door's decision, payment methods, operations at the provider, refunds and
// receivables. Handlers and the inbox's source are joined to the outbox by compose.ts.

import type { OrgDatabase, OrgQueryable } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { AnyRoute } from '../../platform/http/route.ts';
import type { InboxSource } from '../../platform/inbox/index.ts';
import type { HandlerTable } from '../../platform/outbox/handler.ts';
import type { HttpClient } from '../../platform/outside/http-exchange.ts';
import type { Ledger } from '../ledger/index.ts';
import { decidePayment, type Decision, type DoorRequest } from './decide.ts';
import { methodHandler } from './method-handler.ts';
import { operationHandler } from './operation-handler.ts';
import { type Expiring, giveUp } from './give-up.ts';
import type { Evidence } from './policy.ts';
import { createStripe, signStripe } from './providers/stripe.ts';
import { stripeSource } from './providers/stripe-webhook.ts';
import { type Receivable, receivablesOf } from './receivables.ts';
import { refetchHandler } from './refetch-handler.ts';
import {
  METHOD_MESSAGE,
  OPERATION_MESSAGE,
  type Questions,
  REFETCH_MESSAGE,
  type Room,
} from './room.ts';
import { paymentRoutes } from './routes.ts';
import type { PaymentSettings, StripeSettings } from './settings.ts';
import { findMethod } from './store-methods.ts';
import { findPayment, type NodePredicate } from './store-payments.ts';

export type { Decision, DoorRequest } from './decide.ts';
export { type Contact, type Evidence, type LimitName, type RefusalReason } from './policy.ts';
export type { Questions } from './room.ts';
export type { PaymentSettings, StripeSettings } from './settings.ts';

export interface PaymentOptions<E extends Evidence = Evidence> {
  settings: PaymentSettings;
  stripe: StripeSettings;
  ledger: Ledger;
  client: HttpClient;
  nodeScope: NodePredicate;
  ask: Questions<E>;
}

export interface Payments<E extends Evidence = Evidence> {
  decide(db: OrgDatabase, request: DoorRequest<E>): Promise<Decision>;
  /** The deadline came first. Null: expired, for good; otherwise the decision that stands all the same. */
  giveUp(db: OrgDatabase, request: Expiring): Promise<Decision | null>;
  receivablesOf(db: OrgQueryable, personId: string): Promise<readonly Receivable[]>;
  routes: readonly AnyRoute[];
  handlers: HandlerTable;
  inboxSource: InboxSource;
  locators: Readonly<
    Record<'payment' | 'payment_method', (db: OrgQueryable, id: string) => Promise<string | null>>
  >;
}

export function createPayments<E extends Evidence>(
  deps: Deps,
  { settings, stripe, ledger, client, nodeScope, ask }: PaymentOptions<E>,
): Payments<E> {
  const provider = createStripe(stripe);
  const own: Room<E> = { deps, settings, stripe, ledger, provider, client, ask };
  // Past the door nobody looks at evidence any more.
  const room = own as unknown as Room;
  return {
    // Settings may change at any moment; one decision is made under one state of them.
    decide: (db, request) => decidePayment({ ...own, settings: { ...settings } }, db, request),
    giveUp: (db, request) => giveUp(own, db, request),
    receivablesOf: (db, personId) => receivablesOf(room, db, personId),
    routes: paymentRoutes(room, nodeScope),
    handlers: {
      [METHOD_MESSAGE]: methodHandler(room),
      [OPERATION_MESSAGE]: operationHandler(room),
      [REFETCH_MESSAGE]: refetchHandler(room),
    },
    inboxSource: stripeSource(stripe, (request) => signStripe(stripe, request)),
    locators: {
      payment: async (db, id) => (await findPayment(db, id))?.nodeId ?? null,
      payment_method: async (db, id) => {
        const method = await findMethod(db, id);
        if (method === null) return null;
        return (await ask.person(db, method.personId))?.nodeId ?? null;
      },
    },
  };
}
