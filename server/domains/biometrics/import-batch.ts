// Stores one batch of import rows: sealing first, in short turns, then one transaction. A row is stored
// whole (person, consent, key, templates, events) or not at all.

import { type OrgDatabase, transaction } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { Instant } from '../../shared/world.ts';
import { type Actor, tellMany } from '../audit/index.ts';
import { type ImportedPerson, importPeople } from '../people/index.ts';
import { enrolledEvent } from './enrol.ts';
import type { Capture, ImportedRow } from './import-row.ts';
import type { KeyRing } from './org-keys.ts';
import { makePersonKey, sealTemplate } from './seal-template.ts';
import { insertTemplates, type SealedTemplate } from './store.ts';
import { insertPersonKeys, type StoredPersonKey } from './store-keys.ts';

export interface PreparedRow extends ImportedPerson {
  line: number;
  key: StoredPersonKey;
  templates: readonly SealedTemplate[];
}

export interface BatchContext {
  ring: KeyRing;
  orgId: string;
  actor: Actor;
  traceId: string;
}

/** About five milliseconds of sealing; then others get their turn. */
const TURN_ROWS = 32;

export async function prepareRows(
  deps: Pick<Deps, 'ids' | 'world'>,
  rows: readonly (ImportedRow & { nodeId: string })[],
  context: BatchContext,
): Promise<PreparedRow[]> {
  const prepared: PreparedRow[] = [];
  for (const [index, row] of rows.entries()) {
    if (index % TURN_ROWS === TURN_ROWS - 1) await new Promise((resolve) => setImmediate(resolve));
    prepared.push(prepareRow(deps, row, context));
  }
  return prepared;
}

/** Returns the ids of the people who were stored; the others' references were taken meanwhile. */
export function storeRows(
  deps: Pick<Deps, 'ids' | 'world'>,
  db: OrgDatabase,
  { rows, context }: { rows: readonly PreparedRow[]; context: BatchContext },
): Promise<ReadonlySet<string>> {
  const { actor, traceId } = context;
  return transaction(db, async (tx) => {
    const stored = await importPeople(deps, tx, { rows, actor, traceId });
    const kept = rows.filter((row) => stored.has(row.person.id));
    const enrolled = kept.filter((row) => row.templates.length > 0);
    await insertPersonKeys(
      tx,
      enrolled.map((row) => row.key),
    );
    await insertTemplates(
      tx,
      enrolled.flatMap((row) => row.templates),
    );
    await tellMany(
      deps,
      tx,
      enrolled.flatMap(({ person, templates }) =>
        templates.map((template) => ({
          ...enrolledEvent(template, { nodeId: person.nodeId, actor }),
          traceId,
        })),
      ),
    );
    return stored;
  });
}

function prepareRow(
  { ids, world }: Pick<Deps, 'ids' | 'world'>,
  { row, captures, nodeId, line }: ImportedRow & { nodeId: string },
  { ring, orgId }: BatchContext,
): PreparedRow {
  const createdAt = world.clock.now();
  const personId = ids.make('person');
  const consent: ImportedPerson['consent'] = {
    id: ids.make('consent'),
    personId,
    purpose: row.consent.purpose,
    textVersion: row.consent.text_version,
    method: row.consent.method,
    givenAt: Date.parse(row.consent.given_at),
    withdrawnAt: null,
    createdAt,
    version: 1,
  };
  const person: ImportedPerson['person'] = {
    id: personId,
    nodeId,
    externalRef: row.external_ref,
    displayName: row.display_name,
    status: 'active',
    createdAt,
    version: 1,
  };
  const { key, stored } = makePersonKey(ring, { orgId, personId, createdAt }, world.random);
  const templates = captures.map((capture) => {
    const template = toTemplate(capture, { id: ids.make('template'), consent, createdAt });
    const binding = { ...template, orgId, templateId: template.id };
    const { vector } = capture;
    return { ...template, sealed: sealTemplate(key, binding, { vector, random: world.random }) };
  });
  return { line, person, consent, key: stored, templates };
}

function toTemplate(
  { extractor, quality }: Capture,
  { id, consent, createdAt }: { id: string; consent: PreparedRow['consent']; createdAt: Instant },
): Omit<SealedTemplate, 'sealed'> {
  return {
    id,
    personId: consent.personId,
    consentId: consent.id,
    modality: extractor.modality,
    extractor: extractor.id,
    dimensions: extractor.dimensions,
    status: 'active',
    source: 'import',
    deviceId: null,
    quality,
    createdAt,
    erasedAt: null,
    version: 1,
  };
}
