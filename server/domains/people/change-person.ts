// Changes a person's name, reference or place, for the version the caller read.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { AppError } from '../../shared/errors.ts';
import { type Actor, tell } from '../audit/index.ts';
import { takenReference } from './create-person.ts';
import type { Person } from './person.ts';
import { lockActivePerson } from './require-person.ts';
import { findPeopleByRef, updatePerson } from './store.ts';

export interface PersonChange {
  personId: string;
  fromVersion: number;
  changes: Partial<Pick<Person, 'displayName' | 'externalRef' | 'nodeId'>>;
  actor: Actor;
  traceId?: string | null;
}

export async function changePerson(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  { personId, fromVersion, changes, actor, traceId = null }: PersonChange,
): Promise<Person> {
  const found = await lockActivePerson(tx, personId);
  if (found.version !== fromVersion) throw moved(found, fromVersion);
  if (changes.externalRef !== undefined && changes.externalRef !== null) {
    const [other] = await findPeopleByRef(tx, [changes.externalRef]);
    if (other !== undefined && other.id !== personId) throw takenReference();
  }
  const person: Person = { ...found, ...changes, version: found.version + 1 };
  if (!(await updatePerson(tx, person, fromVersion))) throw moved(found, fromVersion);
  await tell(deps, tx, {
    type: 'person.updated',
    subject: { kind: 'person', id: personId },
    nodeId: person.nodeId,
    actor,
    // Which fields, never their values: events outlive an erasure.
    data: { fields: Object.keys(changes) },
    traceId,
  });
  return person;
}

function moved(found: Person, fromVersion: number): AppError {
  return new AppError(
    'version_mismatch',
    `Expected the person at version ${fromVersion}, found version ${found.version}. Read it again.`,
    { data: { version: found.version } },
  );
}
