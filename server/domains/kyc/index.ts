// The only door of KYC: sessions, decisions, and what a person's standing is.

import type { OrgQueryable } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { AnyRoute } from '../../platform/http/route.ts';
import type { InboxSource } from '../../platform/inbox/index.ts';
import type { HandlerTable, Schedule } from '../../platform/outbox/index.ts';
import type { HttpClient } from '../../platform/outside/http-exchange.ts';
import type { Instant } from '../../shared/world.ts';
import { nodeOfPerson } from '../people/index.ts';
import { createHandler } from './create-handler.ts';
import { pollSchedule } from './poll.ts';
import { parseWebhook, type VeriffSettings, verifyWebhook } from './providers/veriff.ts';
import { refetchHandler } from './refetch-handler.ts';
import {
  DESTINATION,
  type KycSettings,
  PROVIDER,
  REFETCH_MESSAGE,
  type Room,
  SESSION_MESSAGE,
} from './room.ts';
import { kycRoutes } from './routes.ts';
import { findSession, findStanding } from './store.ts';

export type { VeriffSettings } from './providers/veriff.ts';
export type { KycSettings } from './room.ts';

export interface KycOptions {
  settings: KycSettings;
  veriff: VeriffSettings;
  client: HttpClient;
}

export interface Kyc {
  /** `not_started` where no decision exists; an approval counts until `validUntil`. */
  statusOf(
    db: OrgQueryable,
    personId: string,
  ): Promise<{ status: string; validUntil: Instant | null }>;
  routes: readonly AnyRoute[];
  handlers: HandlerTable;
  schedules: readonly Schedule[];
  inboxSource: InboxSource;
  locators: Readonly<
    Record<'kyc_session', (db: OrgQueryable, id: string) => Promise<string | null>>
  >;
}

export function createKyc(deps: Deps, options: KycOptions): Kyc {
  const room: Room = { deps, ...options };
  return {
    statusOf: async (db, personId) => {
      const standing = await findStanding(db, { personId, level: options.settings.level });
      if (standing === null) return { status: 'not_started', validUntil: null };
      return { status: standing.status, validUntil: standing.validUntil };
    },
    routes: kycRoutes(room),
    handlers: { [SESSION_MESSAGE]: createHandler(room), [REFETCH_MESSAGE]: refetchHandler(room) },
    schedules: [pollSchedule(room)],
    inboxSource: {
      provider: PROVIDER,
      destination: DESTINATION,
      messageType: REFETCH_MESSAGE,
      verify: verifyWebhook,
      parse: parseWebhook,
    },
    locators: {
      kyc_session: async (db, id) => {
        const session = await findSession(db, id);
        return session === null ? null : nodeOfPerson(db, session.personId);
      },
    },
  };
}
