// Erases templates: one, those under a withdrawn consent, or all of a person with the person's key. The
// sealed bytes are nulled and the galleries told by the event, in the caller's transaction.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { notFound } from '../../shared/errors.ts';
import { type Actor, tellMany } from '../audit/index.ts';
import { lockActivePerson, markErased, type Person, type Withdrawal } from '../people/index.ts';
import { type ErasureScope, findTemplate, updateErased } from './store.ts';
import { deletePersonKey } from './store-keys.ts';
import type { Template } from './template.ts';

type EraseDeps = Pick<Deps, 'ids' | 'world'>;

interface By {
  actor: Actor;
  traceId: string | null;
}

/** Erasing again changes nothing and tells nothing. */
export async function eraseTemplate(
  deps: EraseDeps,
  tx: Tx,
  { templateId, ...by }: { templateId: string } & By,
): Promise<Template> {
  const found = await findTemplate(tx, templateId);
  if (found === null) throw notFound('template', templateId);
  if (found.status === 'erased') return found;
  const { personId } = found;
  const [erased] = await eraseWithin(deps, tx, { scope: { personId, templateId }, by });
  return erased ?? found;
}

/** What compose hands to people: a consent that is withdrawn takes its templates with it. */
export async function eraseTemplatesOfConsent(
  deps: EraseDeps,
  tx: Tx,
  { personId, consentId, actor, traceId }: Withdrawal,
): Promise<void> {
  await eraseWithin(deps, tx, { scope: { personId, consentId }, by: { actor, traceId } });
}

/** Destroys the person's key, so that what a copy of the table still holds cannot be opened with it. */
export async function erasePerson(
  deps: EraseDeps,
  tx: Tx,
  { personId, ...by }: { personId: string } & By,
): Promise<Person> {
  const erased = await eraseWithin(deps, tx, { scope: { personId }, by });
  await deletePersonKey(tx, personId);
  return markErased(deps, tx, { personId, templatesErased: erased.length, ...by });
}

async function eraseWithin(
  deps: EraseDeps,
  tx: Tx,
  { scope, by }: { scope: ErasureScope; by: By },
): Promise<Template[]> {
  const person = await lockActivePerson(tx, scope.personId);
  const erased = await updateErased(tx, scope, deps.world.clock.now());
  await tellMany(
    deps,
    tx,
    erased.map(({ id, personId, modality, extractor }) => ({
      type: 'template.erased',
      subject: { kind: 'template', id },
      nodeId: person.nodeId,
      actor: by.actor,
      data: { person_id: personId, modality, extractor },
      traceId: by.traceId,
    })),
  );
  return erased;
}
