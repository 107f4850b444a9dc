// Finding a person who must exist. A missing and a foreign id read the same.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import type { Person } from './person.ts';
import { findPerson, lockPersonRow } from './store.ts';

export async function requirePerson(db: OrgQueryable, id: string): Promise<Person> {
  const person = await findPerson(db, id);
  if (person === null) throw notFound('person', id);
  return person;
}

/** The person, not erased, and locked: whoever changes what hangs on a person begins here. */
export async function lockActivePerson(tx: Tx, id: string): Promise<Person> {
  const person = await lockPersonRow(tx, id);
  if (person === null) throw notFound('person', id);
  if (person.status === 'erased') {
    throw new AppError('conflict', `Expected an active person, found ${id} erased.`);
  }
  return person;
}
