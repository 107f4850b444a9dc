// Adds a person under a node of the tree. An external reference that is taken is refused.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { AppError } from '../../shared/errors.ts';
import { type Actor, tell } from '../audit/index.ts';
import type { Person } from './person.ts';
import { insertPerson } from './store.ts';

export interface NewPerson {
  nodeId: string;
  externalRef: string | null;
  displayName: string;
  actor: Actor;
  traceId?: string | null;
}

export async function createPerson(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  wanted: NewPerson,
): Promise<Person> {
  const person: Person = {
    id: deps.ids.make('person'),
    nodeId: wanted.nodeId,
    externalRef: wanted.externalRef,
    displayName: wanted.displayName,
    status: 'active',
    createdAt: deps.world.clock.now(),
    version: 1,
  };
  if (!(await insertPerson(tx, person))) throw takenReference();
  await tell(deps, tx, {
    type: 'person.created',
    subject: { kind: 'person', id: person.id },
    nodeId: person.nodeId,
    actor: wanted.actor,
    data: {},
    traceId: wanted.traceId ?? null,
  });
  return person;
}

export function takenReference(): AppError {
  const detail = 'Expected a reference that no other person of the organization has.';
  return new AppError('already_exists', `/external_ref: ${detail}`, {
    fields: [{ pointer: '/external_ref', code: 'taken', detail }],
  });
}
