// What the verbs of this domain share: the settings, the ledger, the provider, and the questions they ask
// of other domains. Built once in index.ts; an argument, not a global.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { HttpClient } from '../../platform/outside/http-exchange.ts';
import type { Instant } from '../../shared/world.ts';
import type { Ledger } from '../ledger/index.ts';
import type { PaymentProvider } from './outcome.ts';
import type { Contact, Evidence } from './policy.ts';
import type { PaymentSettings, StripeSettings } from './settings.ts';

/** Asked of people, biometrics, kyc and the inbox; compose.ts hands in who answers. */
export interface Questions<E extends Evidence = Evidence> {
  /** Null where there is no such person. */
  person(db: OrgQueryable, personId: string): Promise<{ active: boolean; nodeId: string } | null>;
  /** Whether a consent to paying by biometrics stands. */
  consented(db: OrgQueryable, personId: string): Promise<boolean>;
  kyc(db: OrgQueryable, personId: string): Promise<{ status: string; validUntil: Instant | null }>;
  recordIdentification(
    tx: Tx,
    evidence: E,
    where: { deviceId: string; nodeId: string },
  ): Promise<string>;
  /** The id of the organization's account at the provider, made when there is none. */
  providerAccount(tx: Tx, provider: string): Promise<string>;
  /** How the outbox last found the provider. */
  contact(destination: string): Contact;
}

export interface Room<E extends Evidence = Evidence> {
  deps: Deps;
  settings: PaymentSettings;
  stripe: StripeSettings;
  ledger: Ledger;
  provider: PaymentProvider;
  client: HttpClient;
  ask: Questions<E>;
}

export const DESTINATION = 'stripe';
export const OPERATION_MESSAGE = 'payments.operation';
export const METHOD_MESSAGE = 'payments.method';
export const REFETCH_MESSAGE = 'payments.refetch';
