// Restores a backup into an empty box. Everything is looked at first, the whole backup read and proven;
// then a mark is set, and until it is taken off no server starts. Each step may be run twice, so after a
// kill at any point the same command ends in the same state.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS } from '../../migrations/index.ts';
import { ExitError } from '../exit-codes.ts';
import { databaseOf } from './database-of.ts';
import type { BackupHeader } from './format.ts';
import { identityFound, type Placed, placeFiles } from './place-files.ts';
import type { Box } from './places.ts';
import { type Proven, proveBackup } from './prove-backup.ts';
import { type BackupSource, readBackup } from './read-backup.ts';
import { readRelease } from './release.ts';
import { readMark, removeMark, type RestoreMark, setMark } from './restore-marker.ts';
import type { LoadTarget } from './load-target.ts';
import { createLoadTarget } from './store-load.ts';
import { writeWhole } from './write-whole.ts';

export interface RestoreWanted {
  source: BackupSource;
  box: Box;
  dryRun: boolean;
  now: Date;
  tell(event: RestoreEvent): void;
}

export type RestoreStep =
  | 'prove'
  | 'look'
  | 'mark'
  | 'files'
  | 'schema'
  | 'load'
  | 'migrate'
  | 'publish'
  | 'record'
  | 'unmark';

export type RestoreEvent =
  | { event: 'step'; name: RestoreStep }
  | { event: 'table'; name: string; rows: number }
  | { event: 'doubted'; operations: number }
  | { event: 'kept'; path: string };

export interface RestoreReport {
  header: BackupHeader;
  rows: number;
  /** Operations that will be looked up before anything is sent. */
  doubted: number;
  /** Files that were there and stayed. */
  kept: readonly string[];
}

export async function restore(wanted: RestoreWanted): Promise<RestoreReport> {
  const { source, box, tell } = wanted;
  tell({ event: 'step', name: 'prove' });
  const proven = await proveBackup(source);
  const target = createLoadTarget(databaseOf(box.config));
  tell({ event: 'step', name: 'look' });
  const mark = await look(wanted, target, proven);
  const placed = placeFiles(box, proven.files);
  const kept = placed.map(({ path }) => path).filter((path) => !mark.writes.includes(path));
  const rows = Object.values(proven.end.tables).reduce((sum, table) => sum + table.rows, 0);
  const report = { header: proven.header, rows, doubted: 0, kept };
  if (wanted.dryRun) return report;
  try {
    const doubted = await change(wanted, target, { proven, mark, placed });
    for (const path of kept) tell({ event: 'kept', path });
    return { ...report, doubted };
  } catch (error) {
    if (error instanceof ExitError) throw error;
    throw new ExitError(
      'stuck',
      `The restore stopped half-way: ${(error as Error).message} No server starts on this box until it ends. Mend that and run the same command again.`,
      { cause: error },
    );
  }
}

/** @throws ExitError when something is in the way. Changes nothing. */
async function look(
  { box, now }: RestoreWanted,
  target: LoadTarget,
  { header, files }: Proven,
): Promise<RestoreMark> {
  const found = readMark(box.config.data_dir);
  if (found !== null && found.backup_id !== header.id) {
    throw new ExitError(
      'preflight',
      `${box.config.data_dir}: expected an empty box, found the unfinished restore of another backup, that of ${found.backup_created_at} (${found.backup_id}). End that one first.`,
    );
  }
  if (found !== null) return found;
  const inTheWay = [...(await target.findings()), ...identityFound(box)];
  if (inTheWay.length > 0) {
    throw new ExitError(
      'preflight',
      `Expected an empty box, found:\n${inTheWay.map((each) => `  ${each}`).join('\n')}\nNothing was changed. Restore into a new data folder or database.`,
    );
  }
  const paths = placeFiles(box, files).map(({ path }) => path);
  return {
    backup_id: header.id,
    backup_created_at: header.created_at,
    started_at: now.toISOString(),
    writes: paths.filter((path) => !existsSync(path)),
  };
}

async function change(
  { source, box, now, tell }: RestoreWanted,
  target: LoadTarget,
  { proven, mark, placed }: { proven: Proven; mark: RestoreMark; placed: readonly Placed[] },
): Promise<number> {
  const { data_dir: data } = box.config;
  const { header } = proven;
  const step = (name: RestoreStep): void => tell({ event: 'step', name });
  let doubted = 0;
  step('mark');
  setMark(data, mark);
  step('files');
  // Before the rows: a database without its keys is never to be seen.
  for (const { path, file } of placed) {
    if (mark.writes.includes(path)) writeWhole({ path, mode: file.mode, body: file.body });
  }
  if (!(await target.isLoaded(header.id))) {
    step('schema');
    await target.prepare(MIGRATIONS.slice(0, header.schema.length));
    step('load');
    doubted = await loadRows(source, target, { header, tell });
    tell({ event: 'doubted', operations: doubted });
  }
  step('migrate');
  await target.migrate(MIGRATIONS);
  step('publish');
  await target.publish();
  step('record');
  const record = {
    ...mark,
    restored_at: now.toISOString(),
    by: readRelease(),
    made_by: header.release,
  };
  const body = Buffer.from(`${JSON.stringify(record, null, 2)}\n`);
  writeWhole({ path: join(data, 'restored.json'), mode: 0o600, body });
  step('unmark');
  removeMark(data);
  return doubted;
}

async function loadRows(
  source: BackupSource,
  target: LoadTarget,
  { header, tell }: { header: BackupHeader; tell: RestoreWanted['tell'] },
): Promise<number> {
  const loading = await target.load(header);
  try {
    for await (const found of readBackup(source)) {
      if (found.kind === 'header' && found.header.id !== header.id)
        throw new Error('the backup was exchanged while it was read');
      if (found.kind === 'table') await loading.table(found.table);
      if (found.kind === 'row') await loading.row(found.row);
      if (found.kind === 'table_end')
        tell({ event: 'table', name: found.table.name, rows: found.sum.rows });
      if (found.kind === 'end') return (await loading.finish(found.end)).doubted;
    }
  } catch (error) {
    await loading.abort();
    throw error;
  }
  throw new Error('the backup has no end');
}
