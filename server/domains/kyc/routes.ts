// The table of KYC routes.

import { type AnyRoute, type Caller, route } from '../../platform/http/route.ts';
import { notFound } from '../../shared/errors.ts';
import { toRfc3339, toRfc3339OrNull } from '../../shared/instant.ts';
import type { Actor } from '../audit/index.ts';
import type { KycSession } from './kyc-session.ts';
import { revokeSession } from './revoke-session.ts';
import { PROVIDER, type Room } from './room.ts';
import * as schemas from './schemas.ts';
import { startSession } from './start-session.ts';
import { findSession, listSessions } from './store.ts';

const TAG = 'KYC';

export function kycRoutes(room: Room): readonly AnyRoute[] {
  return [
    route({
      operationId: 'startKycSession',
      method: 'POST',
      path: '/v1/people/:person_id/kyc-sessions',
      summary: 'Ask a person to prove who they are',
      description:
        'The session is made at the provider through the outbox; its page is in `url` as soon as it exists.',
      tag: TAG,
      action: 'kyc_session.create',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'accepted',
      params: schemas.PersonParams,
      body: schemas.NewKycSession,
      answer: schemas.KycSession,
      status: 201,
      run: ({ db, params, body, caller, traceId }) =>
        startSession(room, db, {
          personId: params.person_id,
          level: body.level ?? null,
          actor: actorOf(caller),
          traceId,
        }),
      present: presentSession,
      versionOf: (session) => session.version,
      locationOf: (session) => `/v1/kyc-sessions/${session.id}`,
    }),
    route({
      operationId: 'listKycSessions',
      method: 'GET',
      path: '/v1/people/:person_id/kyc-sessions',
      summary: 'The KYC sessions of a person',
      tag: TAG,
      action: 'kyc_session.read',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'none',
      pagination: 'cursor',
      params: schemas.PersonParams,
      answer: schemas.KycSession,
      status: 200,
      run: ({ db, params, page }) => listSessions(db, params.person_id, page),
      present: (page) => page.data.map(presentSession),
    }),
    ...sessionRoutes(room),
  ];
}

function sessionRoutes(room: Room): readonly AnyRoute[] {
  return [
    route({
      operationId: 'getKycSession',
      method: 'GET',
      path: '/v1/kyc-sessions/:kyc_session_id',
      summary: 'One KYC session',
      tag: TAG,
      action: 'kyc_session.read',
      resource: { kind: 'kyc_session', param: 'kyc_session_id' },
      idempotency: 'none',
      params: schemas.SessionParams,
      answer: schemas.KycSession,
      status: 200,
      run: async ({ db, params }) => {
        const session = await findSession(db, params.kyc_session_id);
        if (session === null) throw notFound('KYC session', params.kyc_session_id);
        return session;
      },
      present: presentSession,
      versionOf: (session) => session.version,
    }),
    route({
      operationId: 'revokeKycSession',
      method: 'POST',
      path: '/v1/kyc-sessions/:kyc_session_id/revoke',
      summary: 'Take an approval back',
      tag: TAG,
      action: 'kyc_session.revoke',
      resource: { kind: 'kyc_session', param: 'kyc_session_id' },
      idempotency: 'accepted',
      params: schemas.SessionParams,
      body: schemas.Revocation,
      answer: schemas.KycSession,
      status: 200,
      run: ({ db, params, body, caller }) =>
        revokeSession(room, db, {
          id: params.kyc_session_id,
          reason: body.reason,
          actor: actorOf(caller),
        }),
      concernsOf: ({ personId }) => personId,
      present: presentSession,
      versionOf: (session) => session.version,
    }),
  ];
}

function presentSession(session: KycSession): object {
  return {
    id: session.id,
    person_id: session.personId,
    provider: PROVIDER,
    level: session.level,
    status: session.status,
    transport: session.transport,
    url: session.url,
    submitted_at: toRfc3339OrNull(session.submittedAt),
    decided_at: toRfc3339OrNull(session.decidedAt),
    valid_until: toRfc3339OrNull(session.validUntil),
    reason: session.reason,
    created_at: toRfc3339(session.createdAt),
    version: session.version,
  };
}

function actorOf(caller: Caller): Actor {
  return { kind: caller.kind, id: caller.credentialId };
}
