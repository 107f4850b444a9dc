// The table of biometrics routes: templates, identification, the gallery's state.

import { transaction } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { type AnyRoute, type Caller, route } from '../../platform/http/route.ts';
import { notFound } from '../../shared/errors.ts';
import type { Actor } from '../audit/index.ts';
import { PersonSchema, presentPerson } from '../people/index.ts';
import { enrolTemplate } from './enrol.ts';
import { erasePerson, eraseTemplate } from './erase.ts';
import { requireExtractor } from './extractor.ts';
import { listGalleries } from './list-galleries.ts';
import { identify } from './identify.ts';
import { importPeople } from './import-people.ts';
import { presentReport } from './import-report.ts';
import type { BiometricsParts } from './parts.ts';
import { presentGallery, presentIdentification, presentTemplate } from './present.ts';
import { recordIdentification } from './record-identification.ts';
import * as schemas from './schemas.ts';
import { findTemplate, listTemplates } from './store.ts';
import { listIdentifications, type NodePredicate } from './store-identifications.ts';
import { requireVector } from './vector.ts';

export function biometricsRoutes(
  deps: Deps,
  parts: BiometricsParts,
  nodeScope: NodePredicate,
): readonly AnyRoute[] {
  return [
    ...enrolmentRoutes(deps, parts),
    ...templateReads(),
    ...erasureRoutes(deps, parts),
    ...identificationRoutes(deps, parts, nodeScope),
    galleryRoute(parts),
  ];
}

function enrolmentRoutes(deps: Deps, parts: BiometricsParts): readonly AnyRoute[] {
  return [
    route({
      operationId: 'enrolTemplate',
      method: 'POST',
      path: '/v1/people/:person_id/templates',
      summary: 'Enrol a template, under a consent that stands',
      tag: 'Biometrics',
      action: 'template.enrol',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'accepted',
      params: schemas.PersonParams,
      body: schemas.NewTemplate,
      answer: schemas.Template,
      problems: ['consent_required', 'limit_exceeded', 'sealed'],
      status: 201,
      run: async ({ db, params, body, caller, traceId }) => {
        const extractor = requireExtractor(parts.extractors, body);
        const vector = requireVector(body.vector, extractor.dimensions, '/vector');
        const ring = await parts.keys.ringOf(db.org);
        return transaction(db, async (tx) => {
          tx.afterCommit(parts.follower.nudge);
          return enrolTemplate(deps, tx, {
            ring,
            extractor,
            personId: params.person_id,
            vector,
            quality: body.quality,
            source: 'api',
            deviceId: null,
            actor: actorOf(caller),
            traceId,
          });
        });
      },
      present: presentTemplate,
      versionOf: (template) => template.version,
      locationOf: (template) => `/v1/templates/${template.id}`,
    }),
    route({
      operationId: 'importPeople',
      method: 'POST',
      path: '/v1/people/import',
      summary: 'Import many people with consent and templates (NDJSON)',
      description:
        'One JSON object on each line: `external_ref`, `display_name`, `node_id` (optional), `consent` ' +
        '(as in recordConsent) and `templates` (as in enrolTemplate). A bad row is reported with its ' +
        'line and field and nothing of it is stored; the others go on. Sending a file again is safe.',
      tag: 'Biometrics',
      action: 'person.import',
      resource: 'none',
      idempotency: 'none',
      payload: 'stream',
      answer: schemas.ImportReport,
      problems: ['sealed', 'not_found'],
      status: 200,
      run: async ({ db, caller, nodeId, raw, signal, traceId }) => {
        if (nodeId === null) throw notFound('node', '');
        const ring = await parts.keys.ringOf(db.org);
        const { extractors } = parts;
        const actor = actorOf(caller);
        const job = { db, lines: raw.stream(), ring, extractors, caller, nodeId };
        const report = await importPeople(deps, { ...job, actor, traceId, signal });
        parts.follower.nudge();
        return report;
      },
      present: presentReport,
    }),
  ];
}

function templateReads(): readonly AnyRoute[] {
  return [
    route({
      operationId: 'listTemplates',
      method: 'GET',
      path: '/v1/people/:person_id/templates',
      summary: 'About the templates of a person, erased ones included',
      tag: 'Biometrics',
      action: 'template.read',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'none',
      pagination: 'cursor',
      params: schemas.PersonParams,
      answer: schemas.Template,
      status: 200,
      run: ({ db, params, page }) => listTemplates(db, params.person_id, page),
      present: (page) => page.data.map(presentTemplate),
    }),
    route({
      operationId: 'getTemplate',
      method: 'GET',
      path: '/v1/templates/:template_id',
      summary: 'About one template',
      tag: 'Biometrics',
      action: 'template.read',
      resource: { kind: 'template', param: 'template_id' },
      idempotency: 'none',
      params: schemas.TemplateParams,
      answer: schemas.Template,
      status: 200,
      run: async ({ db, params }) => {
        const template = await findTemplate(db, params.template_id);
        if (template === null) throw notFound('template', params.template_id);
        return template;
      },
      present: presentTemplate,
      versionOf: (template) => template.version,
    }),
  ];
}

function erasureRoutes(deps: Deps, parts: BiometricsParts): readonly AnyRoute[] {
  return [
    route({
      operationId: 'eraseTemplate',
      method: 'DELETE',
      path: '/v1/templates/:template_id',
      summary: 'Erase a template, for good',
      tag: 'Biometrics',
      action: 'template.erase',
      resource: { kind: 'template', param: 'template_id' },
      idempotency: 'accepted',
      params: schemas.TemplateParams,
      answer: schemas.Template,
      status: 200,
      run: ({ db, params, caller, traceId }) =>
        transaction(db, async (tx) => {
          tx.afterCommit(parts.follower.nudge);
          return eraseTemplate(deps, tx, {
            templateId: params.template_id,
            actor: actorOf(caller),
            traceId,
          });
        }),
      concernsOf: ({ personId }) => personId,
      present: presentTemplate,
      versionOf: (template) => template.version,
    }),
    route({
      operationId: 'erasePerson',
      method: 'POST',
      path: '/v1/people/:person_id/erase',
      summary: 'Erase a person: key destroyed, templates and names gone',
      description:
        'Name, reference, templates and the key that sealed them are destroyed and every consent ends. ' +
        'The id stays, so that history and payments keep pointing somewhere. Backups made earlier hold ' +
        'what they held until they are gone.',
      tag: 'Biometrics',
      action: 'person.erase',
      resource: { kind: 'person', param: 'person_id' },
      idempotency: 'accepted',
      params: schemas.PersonParams,
      answer: PersonSchema,
      status: 200,
      run: ({ db, params, caller, traceId }) =>
        transaction(db, async (tx) => {
          tx.afterCommit(parts.follower.nudge);
          return erasePerson(deps, tx, {
            personId: params.person_id,
            actor: actorOf(caller),
            traceId,
          });
        }),
      present: presentPerson,
      versionOf: (person) => person.version,
    }),
  ];
}

function identificationRoutes(
  deps: Deps,
  parts: BiometricsParts,
  nodeScope: NodePredicate,
): readonly AnyRoute[] {
  return [
    route({
      operationId: 'identify',
      method: 'POST',
      path: '/v1/identifications',
      summary: 'Who is this? One search among all templates of the organization',
      description:
        'A probe that matches nobody, or two people nearly alike, is an outcome and not an error. While ' +
        'the gallery lags behind the database the answer is 503 `identification_stale`.',
      tag: 'Biometrics',
      action: 'identification.request',
      resource: { kind: 'node', bodyField: 'node_id' },
      idempotency: 'accepted',
      body: schemas.IdentificationRequest,
      answer: schemas.Identification,
      problems: ['identification_stale', 'limit_exceeded', 'sealed'],
      status: 201,
      run: async ({ db, body, nodeId, signal }) => {
        if (nodeId === null) throw notFound('node', body.node_id ?? '');
        const identification = await identify(parts, { orgId: db.org, ...body }, signal);
        return transaction(db, (tx) =>
          recordIdentification(deps, tx, { identification, deviceId: null, nodeId }),
        );
      },
      concernsOf: ({ personId }) => personId,
      present: presentIdentification,
    }),
    route({
      operationId: 'listIdentifications',
      method: 'GET',
      path: '/v1/identifications',
      summary: 'The identifications within reach, oldest first',
      tag: 'Biometrics',
      action: 'identification.read',
      resource: 'collection',
      idempotency: 'none',
      pagination: 'cursor',
      query: schemas.IdentificationFilter,
      answer: schemas.Identification,
      status: 200,
      run: ({ db, scope, query, page }) =>
        listIdentifications(db, { scope, nodeScope, personId: query.person_id ?? null }, page),
      present: (page) => page.data.map(presentIdentification),
    }),
  ];
}

function galleryRoute(parts: BiometricsParts): AnyRoute {
  return route({
    operationId: 'listGalleries',
    method: 'GET',
    path: '/v1/galleries',
    summary: 'What is in memory to identify people by, and how far it may lag behind the database',
    tag: 'Biometrics',
    action: 'gallery.read',
    resource: 'collection',
    idempotency: 'none',
    pagination: 'cursor',
    answer: schemas.Gallery,
    status: 200,
    run: async ({ db, page }) => listGalleries(parts, db.org, page),
    present: (page) => page.data.map((state) => presentGallery(state)),
  });
}

function actorOf(caller: Caller): Actor {
  return { kind: caller.kind, id: caller.credentialId };
}
