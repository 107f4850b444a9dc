// The bulk import: lines of people with consent and templates, stored in batches as they come. A bad row
// gets its error and nothing of it is stored; the others go on. Sending a file again is safe: a person
// who is here already, by reference and with the same name, counts as unchanged.

import type { OrgDatabase } from '../../platform/database/database.ts';
import type { Deps } from '../../platform/deps.ts';
import type { Caller } from '../../platform/http/route.ts';
import { AppError, isAppError } from '../../shared/errors.ts';
import type { Actor } from '../audit/index.ts';
import { findPeopleByRef, requireReach } from '../people/index.ts';
import type { Extractors } from './extractor.ts';
import { type BatchContext, prepareRows, storeRows } from './import-batch.ts';
import { addFailure, emptyReport, type ImportReport } from './import-report.ts';
import { type ImportedRow, readRow } from './import-row.ts';
import type { KeyRing } from './org-keys.ts';

export interface ImportJob {
  db: OrgDatabase;
  lines: AsyncIterable<Buffer>;
  ring: KeyRing;
  extractors: Extractors;
  caller: Caller;
  /** Where people stand whose row does not say. */
  nodeId: string;
  actor: Actor;
  traceId: string;
  signal: AbortSignal;
}

/** Rows of one transaction: long enough to be fast, short enough not to hold up the only writer. */
const BATCH_ROWS = 250;

export async function importPeople(
  deps: Pick<Deps, 'ids' | 'world'>,
  job: ImportJob,
): Promise<ImportReport> {
  const report = emptyReport();
  const reach = createReach(job);
  let batch: ImportedRow[] = [];
  let line = 0;
  const flush = async (): Promise<void> => {
    if (job.signal.aborted) {
      throw new AppError(
        'deadline_passed',
        'The import took too long; what was stored stays. Send it again.',
      );
    }
    await importBatch(deps, job, { rows: batch, report, reach });
    batch = [];
  };
  for await (const bytes of job.lines) {
    line += 1;
    const context = { extractors: job.extractors, now: deps.world.clock.now() };
    const reading = readRow(bytes, line, context);
    if (reading.ok) batch.push(reading.value);
    else addFailure(report, line, reading.problems);
    if (batch.length === BATCH_ROWS) await flush();
  }
  if (batch.length > 0) await flush();
  return report;
}

interface Batch {
  rows: readonly ImportedRow[];
  report: ImportReport;
  reach: Reach;
}

async function importBatch(
  deps: Pick<Deps, 'ids' | 'world'>,
  job: ImportJob,
  { rows, report, reach }: Batch,
): Promise<void> {
  const context: BatchContext = { ...job, orgId: job.db.org };
  const placed = await placeRows(rows, { job, report, reach });
  const fresh = await leaveOutKnown(job.db, placed, report);
  const prepared = await prepareRows(deps, fresh, context);
  const stored = await storeRows(deps, job.db, { rows: prepared, context });
  report.imported += stored.size;
  // Taken between our look and our insert: judged again, now that it is visible.
  const raced = new Set(prepared.filter((r) => !stored.has(r.person.id)).map((r) => r.line));
  await leaveOutKnown(
    job.db,
    fresh.filter((row) => raced.has(row.line)),
    report,
  );
}

type Reach = (nodeId: string) => Promise<boolean>;

/** Few nodes, many rows: each node is asked about once per import. */
function createReach({ db, caller }: ImportJob): Reach {
  const known = new Map<string, boolean>();
  return async (nodeId) => {
    const before = known.get(nodeId);
    if (before !== undefined) return before;
    const inReach = await requireReach(db, { caller, action: 'person.import', nodeId }).then(
      () => true,
      (error: unknown) => {
        if (isAppError(error, 'not_found')) return false;
        throw error;
      },
    );
    known.set(nodeId, inReach);
    return inReach;
  };
}

type PlacedRow = ImportedRow & { nodeId: string };

async function placeRows(
  rows: readonly ImportedRow[],
  { job, report, reach }: { job: ImportJob; report: ImportReport; reach: Reach },
): Promise<PlacedRow[]> {
  const placed: PlacedRow[] = [];
  for (const each of rows) {
    const nodeId = each.row.node_id ?? job.nodeId;
    if (await reach(nodeId)) placed.push({ ...each, nodeId });
    else {
      const detail = `Expected a node within reach, found ${JSON.stringify(nodeId)}.`;
      addFailure(report, each.line, [{ pointer: '/node_id', code: 'not_found', detail }]);
    }
  }
  return placed;
}

/** Passes on the rows whose reference is free; the first row of a reference counts within a batch. */
async function leaveOutKnown(
  db: OrgDatabase,
  rows: readonly PlacedRow[],
  report: ImportReport,
): Promise<PlacedRow[]> {
  if (rows.length === 0) return [];
  const refs = rows.map(({ row }) => row.external_ref);
  const names = new Map<string, string>();
  for (const person of await findPeopleByRef(db, refs)) {
    names.set(person.externalRef ?? '', person.displayName);
  }
  return rows.filter(({ line, row }) => {
    const name = names.get(row.external_ref);
    if (name === undefined) {
      names.set(row.external_ref, row.display_name);
      return true;
    }
    if (name === row.display_name) report.unchanged += 1;
    else {
      const detail =
        'Expected a reference that nobody has, or the person who has it under the same name; ' +
        'found it taken by another.';
      addFailure(report, line, [{ pointer: '/external_ref', code: 'taken', detail }]);
    }
    return false;
  });
}
