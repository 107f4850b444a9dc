// Nouns of people → JSON.

import { toRfc3339, toRfc3339OrNull } from '../../shared/instant.ts';
import type { Consent, Person } from './person.ts';

export function presentPerson(person: Person): object {
  return {
    id: person.id,
    node_id: person.nodeId,
    external_ref: person.externalRef,
    display_name: person.status === 'erased' ? null : person.displayName,
    status: person.status,
    created_at: toRfc3339(person.createdAt),
    version: person.version,
  };
}

export function presentConsent(consent: Consent): object {
  return {
    id: consent.id,
    person_id: consent.personId,
    purpose: consent.purpose,
    text_version: consent.textVersion,
    method: consent.method,
    given_at: toRfc3339(consent.givenAt),
    withdrawn_at: toRfc3339OrNull(consent.withdrawnAt),
    created_at: toRfc3339(consent.createdAt),
    version: consent.version,
  };
}
