// The table of KYC routes.

import { transaction } from '../../platform/database/database.ts';
import { type AnyRoute, type Caller, route } from '../../platform/http/route.ts';
import { notFound } from '../../shared/errors.ts';
import type { Actor } from '../audit/index.ts';
import { presentSession } from './present.ts';
import { revokeSession } from './revoke-session.ts';
import type { KycRoom } from './room.ts';
import * as schemas from './schemas.ts';
import { startSession } from './start-session.ts';
import { findSession, listSessions } from './store.ts';

export function kycRoutes(room: KycRoom): readonly AnyRoute[] {
  return [
    route({
      operationId: 'createKycSession',
      method: 'POST',
      path: '/v1/people/:person_id/kyc-sessions',
      summary: 'Begin a KYC session',
      description:
        'Answers at once with status `requested`. When the vendor has made it, it is `created` and ' +
        '`url` leads to the vendor’s page.',
      tag: 'KYC',
      action: 'kyc_session.create',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'accepted',
      params: schemas.PersonParams,
      answer: schemas.KycSession,
      status: 202,
      run: ({ db, params, caller, traceId }) =>
        transaction(db, (tx) =>
          startSession(room, tx, { personId: params.person_id, actor: actorOf(caller), traceId }),
        ),
      present: presentSession,
      versionOf: (session) => session.version,
      locationOf: (session) => `/v1/kyc-sessions/${session.id}`,
    }),
    route({
      operationId: 'listKycSessions',
      method: 'GET',
      path: '/v1/people/:person_id/kyc-sessions',
      summary: 'The KYC sessions of a person',
      tag: 'KYC',
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
    route({
      operationId: 'getKycSession',
      method: 'GET',
      path: '/v1/kyc-sessions/:kyc_session_id',
      summary: 'One KYC session',
      tag: 'KYC',
      action: 'kyc_session.read',
      resource: { kind: 'kyc_session', param: 'kyc_session_id' },
      idempotency: 'none',
      params: schemas.SessionParams,
      answer: schemas.KycSession,
      status: 200,
      run: async ({ db, params }) => {
        const session = await findSession(db, params.kyc_session_id);
        if (session === null) throw notFound('kyc session', params.kyc_session_id);
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
      tag: 'KYC',
      action: 'kyc_session.revoke',
      resource: { kind: 'kyc_session', param: 'kyc_session_id' },
      idempotency: 'accepted',
      params: schemas.SessionParams,
      body: schemas.Revocation,
      answer: schemas.KycSession,
      status: 200,
      run: ({ db, params, body, caller, traceId }) =>
        transaction(db, (tx) =>
          revokeSession(room, tx, {
            id: params.kyc_session_id,
            reason: body.reason,
            actor: actorOf(caller),
            traceId,
          }),
        ),
      present: presentSession,
      versionOf: (session) => session.version,
    }),
  ];
}

function actorOf(caller: Caller): Actor {
  return { kind: caller.kind, id: caller.credentialId };
}
