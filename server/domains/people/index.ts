// The only door of people: persons, consents, and what others ask about them.

import type { OrgQueryable } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { AnyRoute } from '../../platform/http/route.ts';
import type { WhenWithdrawn } from './consent.ts';
import { peopleRoutes } from './routes.ts';
import { findPerson } from './store.ts';

export {
  activeConsent,
  type NewConsent,
  recordConsent,
  type WhenWithdrawn,
  type Withdrawal,
  withdrawConsent,
} from './consent.ts';
export { createPerson, type NewPerson } from './create-person.ts';
export { type ImportedPerson, importPeople } from './import-people.ts';
export { markErased } from './mark-erased.ts';
export {
  type Consent,
  isGivenInFuture,
  type Person,
  type PersonStatus,
  type Purpose,
  PURPOSES,
} from './person.ts';
export { presentPerson } from './present.ts';
export { requireReach } from './require-reach.ts';
export { lockActivePerson, requirePerson } from './require-person.ts';
export {
  DisplayName,
  ExternalRef,
  NewConsent as NewConsentSchema,
  Person as PersonSchema,
} from './schemas.ts';
export { findPeopleByRef, findPerson } from './store.ts';

export interface People {
  routes: readonly AnyRoute[];
  /** For the http room: where a person stands in the tree. */
  locators: Readonly<Record<'person', (db: OrgQueryable, id: string) => Promise<string | null>>>;
}

/** `whenWithdrawn` erases what was enrolled under a withdrawn consent; compose hands in biometrics'. */
export function createPeople(
  deps: Deps,
  { whenWithdrawn }: { whenWithdrawn: WhenWithdrawn },
): People {
  return {
    routes: peopleRoutes(deps, whenWithdrawn),
    locators: { person: nodeOfPerson },
  };
}

/** The node a person stands under; null for a person who is not here. */
export async function nodeOfPerson(db: OrgQueryable, id: string): Promise<string | null> {
  return (await findPerson(db, id))?.nodeId ?? null;
}
