// Stores many people with one consent each, in the caller's transaction. Those whose external reference
// is taken are passed over whole; the caller is told who was stored.

import type { Tx } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import { type Actor, tellMany } from '../audit/index.ts';
import type { Consent, Person } from './person.ts';
import { insertPeople } from './store.ts';
import { insertConsents } from './store-consents.ts';

export interface ImportedPerson {
  person: Person;
  consent: Consent;
}

/** Returns the ids of the people who were stored. */
export async function importPeople(
  deps: Pick<Deps, 'ids' | 'world'>,
  tx: Tx,
  {
    rows,
    actor,
    traceId = null,
  }: { rows: readonly ImportedPerson[]; actor: Actor; traceId?: string | null },
): Promise<ReadonlySet<string>> {
  const people = rows.map((row) => row.person);
  const stored = new Set(await insertPeople(tx, people));
  const kept = rows.filter((row) => stored.has(row.person.id));
  await insertConsents(
    tx,
    kept.map((row) => row.consent),
  );
  await tellMany(
    deps,
    tx,
    kept.flatMap(({ person, consent }) => [
      {
        type: 'person.created',
        subject: { kind: 'person', id: person.id },
        nodeId: person.nodeId,
        actor,
        data: {},
        traceId,
      },
      {
        type: 'consent.recorded',
        subject: { kind: 'consent', id: consent.id },
        nodeId: person.nodeId,
        actor,
        data: {
          person_id: person.id,
          purpose: consent.purpose,
          text_version: consent.textVersion,
        },
        traceId,
      },
    ]),
  );
  return stored;
}
