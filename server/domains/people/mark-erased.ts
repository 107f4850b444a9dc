// What people owns of an erasure: name and reference go, kept answers about the person too, every consent ends, the random id stays as the
// tombstone that history and payments point to. Keys and templates are destroyed by biometrics, in the
// same transaction.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { forgetAnswers } from '../../platform/http/index.ts';
import { type Actor, tell } from '../audit/index.ts';
import type { Person } from './person.ts';
import { lockActivePerson } from './require-person.ts';
import { updatePerson } from './store.ts';
import { updateAllWithdrawn } from './store-consents.ts';

export async function markErased(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  {
    personId,
    templatesErased,
    actor,
    traceId,
  }: { personId: string; templatesErased: number; actor: Actor; traceId: string | null },
): Promise<Person> {
  const found = await lockActivePerson(tx, personId);
  const person: Person = {
    ...found,
    externalRef: null,
    displayName: '',
    status: 'erased',
    version: found.version + 1,
  };
  await updatePerson(tx, person, found.version);
  // After the person's row is held: whoever changed the person before has committed its answer.
  await forgetAnswers(tx, personId);
  await updateAllWithdrawn(tx, personId, deps.world.clock.now());
  await tell(deps, tx, {
    type: 'person.erased',
    subject: { kind: 'person', id: personId },
    nodeId: person.nodeId,
    actor,
    data: { templates: templatesErased },
    traceId,
  });
  return person;
}
