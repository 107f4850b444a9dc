// A till: one organization's payments with real database, ledger, outbox engine and inbox, pointed at a
// Stripe twin. Only who answers for identity and KYC is stood in for.

import { nodeScope } from '../../../server/domains/access/index.ts';
import type { Identification } from '../../../server/domains/biometrics/index.ts';
import { recordIdentification } from '../../../server/domains/biometrics/record-identification.ts';
import { createLedger, type Ledger } from '../../../server/domains/ledger/index.ts';
import {
  type Contact,
  createPayments,
  type Payments,
  type PaymentSettings,
} from '../../../server/domains/payments/index.ts';
import { findPerson } from '../../../server/domains/people/index.ts';
import { createStripe } from '../../../server/domains/payments/providers/stripe.ts';
import type { Room } from '../../../server/domains/payments/room.ts';
import type { OrgDatabase } from '../../../server/platform/database/database.ts';
import type { Deps } from '../../../server/platform/deps.ts';
import {
  createInbox,
  ensureProviderAccount,
  type Inbox,
} from '../../../server/platform/inbox/index.ts';
import { createBell, createOutbox, type Outbox } from '../../../server/platform/outbox/index.ts';
import {
  createHttpClient,
  HTTP_CLIENT_DEFAULTS,
} from '../../../server/platform/outside/http-client.ts';
import type { HttpClient } from '../../../server/platform/outside/http-exchange.ts';
import type { SeededOrganization } from '../../support/database.ts';
import type { Twin } from '../../support/spawn-twin.ts';
import { SECRET_KEY } from '../../support/stripe-twin.ts';
import { SETTINGS } from './settings.ts';

export const MATCH: Omit<Identification, 'personId'> = {
  outcome: 'match',
  score: 0.81,
  margin: 0.4,
  threshold: 0.52,
  gallerySize: 10_000,
  modality: 'face',
  extractor: 'synthetic-512/1',
  evidenceClass: 'appliance_1n',
  tookMs: 3,
};

const WEBHOOK_SECRET = 'whsec_test_door';

export interface Till {
  org: SeededOrganization;
  db: OrgDatabase;
  deps: Deps;
  ledger: Ledger;
  payments: Payments<Identification>;
  room: Room;
  client: HttpClient;
  outbox: Outbox;
  inbox: Inbox;
  twin: Twin;
  /** What the outbox is said to know of the provider; null: what it really knows. */
  contact: { now: Contact | null };
  kyc: { status: string; validUntil: number | null };
  consented: { now: boolean };
  settings: PaymentSettings;
  deviceId: string;
}

/** Joins what compose.ts joins, around this organization and this twin. */
export async function openTill(
  base: Deps,
  of: {
    org: SeededOrganization;
    twin: Twin;
    windowMs?: number;
    settings?: Partial<PaymentSettings>;
  },
): Promise<Till> {
  const { org, twin } = of;
  const deps: Deps = { ...base, bell: createBell() };
  const ledger = createLedger(deps);
  const client = createHttpClient(deps.world, {
    ...HTTP_CLIENT_DEFAULTS,
    baseUrl: twin.api,
    connectTimeoutMs: 500,
    headersTimeoutMs: 600,
    totalTimeoutMs: 2_000,
  });
  const contact: Till['contact'] = { now: null };
  const kyc: Till['kyc'] = { status: 'approved', validUntil: deps.world.clock.now() + 86_400_000 };
  const consented = { now: true };
  const settings: PaymentSettings = { ...SETTINGS, ...of.settings };
  const stripe = {
    secretKey: SECRET_KEY,
    apiVersion: '2026-10-28.endive',
    idempotencyWindowMs: of.windowMs ?? 86_400_000,
  };
  const questions: Room<Identification>['ask'] = {
    person: async (db, id) => {
      const person = await findPerson(db, id);
      return person === null ? null : { active: person.status === 'active', nodeId: person.nodeId };
    },
    consented: async () => consented.now,
    kyc: async () => kyc,
    recordIdentification: async (tx, identification, where) =>
      (await recordIdentification(deps, tx, { identification, ...where })).id,
    providerAccount: async (tx, provider) => (await ensureProviderAccount(tx, deps, provider)).id,
    contact: (destination) => contact.now ?? outbox.health(destination),
  };
  const payments = createPayments<Identification>(deps, {
    settings,
    stripe,
    ledger,
    client,
    nodeScope,
    ask: questions,
  });
  const inbox = createInbox(deps, {
    sources: [payments.inboxSource],
    clients: { stripe: client },
    secretsOf: async () => [{ id: 'whk_1', secret: WEBHOOK_SECRET }],
  });
  const outbox = createOutbox(deps, {
    handlers: { ...payments.handlers, ...inbox.handlers },
    destinations: { stripe: { failuresToOpen: 1_000, openMs: 50, openMsMax: 100 } },
    settings: { pollMs: 50, backoffBaseMs: 20, backoffCapMs: 100, attemptsMax: 200 },
  });
  await outbox.start();
  const provider = createStripe(stripe);
  const room = {
    deps,
    settings,
    stripe,
    ledger,
    provider,
    client,
    ask: questions,
  } as unknown as Room;
  const deviceId = deps.ids.make('device');
  const db = deps.databases.org(org.orgId);
  const till = { org, db, deps, ledger, payments, room, client, outbox, inbox, twin, contact, kyc };
  return { ...till, consented, settings, deviceId };
}
