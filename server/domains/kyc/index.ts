// The only door of KYC: sessions at a vendor, their decisions, and where a person stands. Handlers and the
// inbox's source are joined to the outbox by compose.ts.

import type { OrgQueryable } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { AnyRoute } from '../../platform/http/route.ts';
import type { InboxSource } from '../../platform/inbox/index.ts';
import type { HandlerTable } from '../../platform/outbox/handler.ts';
import type { Schedule } from '../../platform/outbox/schedules.ts';
import type { HttpClient } from '../../platform/outside/http-exchange.ts';
import { nodeOfPerson } from '../people/index.ts';
import { type VeriffSettings, veriffSource } from './providers/veriff.ts';
import { refetchHandler } from './refetch-handler.ts';
import {
  DESTINATION,
  type KycRoom,
  type KycSettings,
  REFETCH_MESSAGE,
  SESSION_MESSAGE,
} from './room.ts';
import { kycRoutes } from './routes.ts';
import { sessionHandler } from './session-handler.ts';
import { kycStanding, type KycStanding } from './standing.ts';
import { findSession } from './store.ts';

export type { VeriffSettings } from './providers/veriff.ts';
export type { KycSettings } from './room.ts';
export type { KycStanding } from './standing.ts';

export interface KycOptions {
  settings: KycSettings;
  veriff: VeriffSettings;
  client: HttpClient;
}

export interface Kyc {
  statusOf(db: OrgQueryable, personId: string): Promise<KycStanding>;
  routes: readonly AnyRoute[];
  handlers: HandlerTable;
  /** None: each undecided session asks for itself, by messages that cause one another. */
  schedules: readonly Schedule[];
  inboxSource: InboxSource;
  locators: Readonly<
    Record<'kyc_session', (db: OrgQueryable, id: string) => Promise<string | null>>
  >;
}

export function createKyc(deps: Deps, { settings, veriff, client }: KycOptions): Kyc {
  const room: KycRoom = { deps, settings, veriff, client };
  return {
    statusOf: (db, personId) => kycStanding(room, db, personId),
    routes: kycRoutes(room),
    handlers: {
      [SESSION_MESSAGE]: sessionHandler(room),
      [REFETCH_MESSAGE]: refetchHandler(room),
    },
    schedules: [],
    inboxSource: veriffSource(veriff, { destination: DESTINATION, messageType: REFETCH_MESSAGE }),
    locators: {
      kyc_session: async (db, id) => {
        const session = await findSession(db, id);
        return session === null ? null : nodeOfPerson(db, session.personId);
      },
    },
  };
}
