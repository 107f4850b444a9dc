// The table of people and consent routes.

import { transaction } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { type AnyRoute, route } from '../../platform/http/route.ts';
import { notFound } from '../../shared/errors.ts';
import { actorOf } from '../access/index.ts';
import { changePerson } from './change-person.ts';
import { recordConsent, type WhenWithdrawn, withdrawConsent } from './consent.ts';
import { createPerson } from './create-person.ts';
import { requireReach } from './require-reach.ts';
import { presentConsent, presentPerson } from './present.ts';
import { requirePerson } from './require-person.ts';
import * as schemas from './schemas.ts';
import { listPeople } from './store.ts';
import { listConsents } from './store-consents.ts';

export function peopleRoutes(deps: Deps, whenWithdrawn: WhenWithdrawn): readonly AnyRoute[] {
  return [...personReads(), ...personWrites(deps), ...consentRoutes(deps, whenWithdrawn)];
}

function personReads(): readonly AnyRoute[] {
  return [
    route({
      operationId: 'listPeople',
      method: 'GET',
      path: '/v1/people',
      summary: 'The people within reach',
      tag: 'People',
      action: 'person.read',
      resource: 'collection',
      idempotency: 'none',
      pagination: 'cursor',
      query: schemas.PersonFilter,
      answer: schemas.Person,
      status: 200,
      run: ({ db, scope, query, page }) =>
        listPeople(
          db,
          { scope, nodeId: query.node_id ?? null, externalRef: query.external_ref ?? null },
          page,
        ),
      present: (page) => page.data.map(presentPerson),
    }),
    route({
      operationId: 'getPerson',
      method: 'GET',
      path: '/v1/people/:person_id',
      summary: 'One person',
      tag: 'People',
      action: 'person.read',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'none',
      params: schemas.PersonParams,
      answer: schemas.Person,
      status: 200,
      run: ({ db, params }) => requirePerson(db, params.person_id),
      present: presentPerson,
      versionOf: (person) => person.version,
    }),
  ];
}

function personWrites(deps: Deps): readonly AnyRoute[] {
  return [
    route({
      operationId: 'createPerson',
      method: 'POST',
      path: '/v1/people',
      summary: 'Add a person',
      tag: 'People',
      action: 'person.create',
      resource: { kind: 'node', bodyField: 'node_id' },
      idempotency: 'accepted',
      body: schemas.NewPerson,
      answer: schemas.Person,
      problems: ['already_exists'],
      status: 201,
      run: ({ db, body, caller, nodeId, traceId }) => {
        if (nodeId === null) throw notFound('node', body.node_id ?? '');
        return transaction(db, (tx) =>
          createPerson(deps, tx, {
            nodeId,
            externalRef: body.external_ref ?? null,
            displayName: body.display_name,
            actor: actorOf(caller),
            traceId,
          }),
        );
      },
      present: presentPerson,
      concernsOf: (person) => person.id,
      versionOf: (person) => person.version,
      locationOf: (person) => `/v1/people/${person.id}`,
    }),
    route({
      operationId: 'updatePerson',
      method: 'PATCH',
      path: '/v1/people/:person_id',
      summary: "Change a person's name, reference or place",
      tag: 'People',
      action: 'person.update',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'accepted',
      precondition: 'required',
      params: schemas.PersonParams,
      body: schemas.PersonChanges,
      answer: schemas.Person,
      problems: ['already_exists'],
      status: 200,
      run: async ({ db, params, body, caller, ifVersion, traceId }) => {
        const { display_name: displayName, external_ref: externalRef, node_id: nodeId } = body;
        if (nodeId !== undefined) {
          await requireReach(db, { caller, action: 'person.update', nodeId });
        }
        const changes = {
          ...(displayName === undefined ? {} : { displayName }),
          ...(externalRef === undefined ? {} : { externalRef }),
          ...(nodeId === undefined ? {} : { nodeId }),
        };
        return transaction(db, (tx) =>
          changePerson(deps, tx, {
            personId: params.person_id,
            fromVersion: ifVersion ?? 0,
            changes,
            actor: actorOf(caller),
            traceId,
          }),
        );
      },
      present: presentPerson,
      versionOf: (person) => person.version,
    }),
  ];
}

function consentRoutes(deps: Deps, whenWithdrawn: WhenWithdrawn): readonly AnyRoute[] {
  return [
    route({
      operationId: 'recordConsent',
      method: 'POST',
      path: '/v1/people/:person_id/consents',
      summary: 'Record a consent, before anything is captured',
      tag: 'People',
      action: 'consent.record',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'accepted',
      params: schemas.PersonParams,
      body: schemas.NewConsent,
      answer: schemas.Consent,
      status: 201,
      run: ({ db, params, body, caller, traceId }) =>
        transaction(db, (tx) =>
          recordConsent(deps, tx, {
            personId: params.person_id,
            purpose: body.purpose,
            textVersion: body.text_version,
            method: body.method,
            givenAt: Date.parse(body.given_at),
            actor: actorOf(caller),
            traceId,
          }),
        ),
      present: presentConsent,
      versionOf: (consent) => consent.version,
    }),
    route({
      operationId: 'listConsents',
      method: 'GET',
      path: '/v1/people/:person_id/consents',
      summary: 'The consents of a person, withdrawn ones included',
      tag: 'People',
      action: 'consent.read',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'none',
      pagination: 'cursor',
      params: schemas.PersonParams,
      answer: schemas.Consent,
      status: 200,
      run: ({ db, params, page }) => listConsents(db, params.person_id, page),
      present: (page) => page.data.map(presentConsent),
    }),
    route({
      operationId: 'withdrawConsent',
      method: 'POST',
      path: '/v1/people/:person_id/consents/:consent_id/withdraw',
      summary: 'Withdraw a consent; templates enrolled under it are erased',
      tag: 'People',
      action: 'consent.withdraw',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'accepted',
      params: schemas.ConsentParams,
      answer: schemas.Consent,
      status: 200,
      run: ({ db, params, caller, traceId }) =>
        transaction(db, (tx) =>
          withdrawConsent(deps, tx, {
            personId: params.person_id,
            consentId: params.consent_id,
            actor: actorOf(caller),
            traceId,
            whenWithdrawn,
          }),
        ),
      present: presentConsent,
      versionOf: (consent) => consent.version,
    }),
  ];
}
