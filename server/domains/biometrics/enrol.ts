// Enrols one template: consent first, then quality, then sealed under the person's own key, in the
// transaction of whoever calls. The organization's keys are handed in: they are fetched before.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { AppError } from '../../shared/errors.ts';
import { type Actor, tell } from '../audit/index.ts';
import { activeConsent, lockActivePerson } from '../people/index.ts';
import type { Extractor } from './extractor.ts';
import type { KeyRing } from './org-keys.ts';
import { makePersonKey, openPersonKey, type PersonKey, sealTemplate } from './seal-template.ts';
import { countActive, insertTemplates } from './store.ts';
import { findPersonKey, insertPersonKeys } from './store-keys.ts';
import { type Template, TEMPLATES_PER_PERSON_MAX } from './template.ts';

export interface Enrolment {
  ring: KeyRing;
  extractor: Extractor;
  personId: string;
  /** Of unit length. */
  vector: Float32Array;
  quality: number;
  source: Template['source'];
  deviceId: string | null;
  actor: Actor;
  traceId?: string | null;
}

type EnrolDeps = Pick<Deps, 'ids' | 'world'>;

export async function enrolTemplate(
  deps: EnrolDeps,
  tx: Tx,
  enrolment: Enrolment,
): Promise<Template> {
  const { extractor, personId, quality, actor, traceId = null } = enrolment;
  const person = await lockActivePerson(tx, personId);
  const consent = await activeConsent(tx, personId, 'biometric_identification');
  requireQuality(extractor, quality);
  await requireRoom(tx, { personId, modality: extractor.modality, extractor: extractor.id });
  const key = await personKeyOf(deps, tx, enrolment);
  const template: Template = {
    id: deps.ids.make('template'),
    personId,
    consentId: consent.id,
    modality: extractor.modality,
    extractor: extractor.id,
    dimensions: extractor.dimensions,
    status: 'active',
    source: enrolment.source,
    deviceId: enrolment.deviceId,
    quality,
    createdAt: deps.world.clock.now(),
    erasedAt: null,
    version: 1,
  };
  const binding = { orgId: tx.org, templateId: template.id, ...template };
  const { vector } = enrolment;
  const sealed = sealTemplate(key, binding, { vector, random: deps.world.random });
  await insertTemplates(tx, [{ ...template, sealed }]);
  await tell(deps, tx, {
    ...enrolledEvent(template, { nodeId: person.nodeId, actor }),
    traceId,
  });
  return template;
}

/** The event that the galleries follow. */
export function enrolledEvent(
  template: Template,
  { nodeId, actor }: { nodeId: string; actor: Actor },
): Parameters<typeof tell>[2] {
  const { id, personId, modality, extractor, source } = template;
  return {
    type: 'template.enrolled',
    subject: { kind: 'template', id },
    nodeId,
    actor,
    data: { person_id: personId, modality, extractor, source },
  };
}

export function requireQuality(extractor: Extractor, quality: number): void {
  if (quality >= extractor.qualityMin) return;
  const detail = `Expected a capture of quality ${extractor.qualityMin} or more, found ${quality}. Capture again.`;
  throw new AppError('validation_failed', `/quality: ${detail}`, {
    fields: [{ pointer: '/quality', code: 'too_small', detail }],
  });
}

async function requireRoom(
  tx: Tx,
  wanted: { personId: string; modality: string; extractor: string },
): Promise<void> {
  if ((await countActive(tx, wanted)) < TEMPLATES_PER_PERSON_MAX) return;
  throw new AppError(
    'limit_exceeded',
    `Expected at most ${TEMPLATES_PER_PERSON_MAX} templates of a person and extractor, found as many ` +
      'already. Erase one first.',
    { data: { limit: TEMPLATES_PER_PERSON_MAX } },
  );
}

/** The person's key, made with the first template. The person's row is locked: nobody makes two. */
async function personKeyOf(
  deps: EnrolDeps,
  tx: Tx,
  { ring, personId }: Pick<Enrolment, 'ring' | 'personId'>,
): Promise<PersonKey> {
  const stored = await findPersonKey(tx, personId);
  if (stored === null) {
    const wanted = { orgId: tx.org, personId, createdAt: deps.world.clock.now() };
    const made = makePersonKey(ring, wanted, deps.world.random);
    await insertPersonKeys(tx, [made.stored]);
    return made.key;
  }
  if (!ring.byId.has(stored.orgKeyId)) {
    throw new AppError('sealed', 'The keys of this organization have changed. Try again.', {
      retryAfterMs: 1_000,
    });
  }
  return openPersonKey(ring, tx.org, stored);
}
