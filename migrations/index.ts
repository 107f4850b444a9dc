// The order of history. Append-only: a migration never changes after it has been released, and never
// imports code that moves.

import type { Knex } from 'knex';
import * as accessAndEvents from './0001-access-and-events.ts';
import * as outboxAndInbox from './0002-outbox-and-inbox.ts';
import * as devicesPeopleBiometrics from './0003-devices-people-biometrics.ts';
import * as kycPaymentsLedger from './0004-kyc-payments-ledger.ts';
import * as decisionsHeld from './0005-decisions-held.ts';
import * as answersConcern from './0006-answers-concern.ts';
import * as kycOrder from './0007-kyc-order.ts';
import * as deadLettersRetried from './0008-dead-letters-retried.ts';
import * as answersConcernIndex from './0009-answers-concern-index.ts';

export interface Migration {
  name: string;
  up(knex: Knex): Promise<void>;
  down(knex: Knex): Promise<void>;
  /** `transaction: false` for what Postgres does outside of one only: an index of a table in use. */
  config?: { transaction: boolean };
}

export const MIGRATIONS: readonly Migration[] = [
  { name: '0001-access-and-events', ...accessAndEvents },
  { name: '0002-outbox-and-inbox', ...outboxAndInbox },
  { name: '0003-devices-people-biometrics', ...devicesPeopleBiometrics },
  { name: '0004-kyc-payments-ledger', ...kycPaymentsLedger },
  { name: '0005-decisions-held', ...decisionsHeld },
  { name: '0006-answers-concern', ...answersConcern },
  { name: '0007-kyc-order', ...kycOrder },
  { name: '0008-dead-letters-retried', ...deadLettersRetried },
  { name: '0009-answers-concern-index', ...answersConcernIndex },
];
