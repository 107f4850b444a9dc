// Reads a backup from end to end and keeps only what is small: proof that the rest is whole, that this
// release knows its tables, and that the keys in it open its rows.

import { MIGRATIONS } from '../../migrations/index.ts';
import { ExitError } from '../exit-codes.ts';
import type { BackupEnd, BackupFile, BackupHeader } from './format.ts';
import { missingKids } from './key-file.ts';
import { type BackupSource, type Found, readBackup } from './read-backup.ts';
import { readRelease } from './release.ts';
import { KEY_TABLES } from './table-order.ts';

export interface Proven {
  header: BackupHeader;
  files: readonly BackupFile[];
  end: BackupEnd;
}

/** @throws ExitError `badInput`. */
export async function proveBackup(source: BackupSource): Promise<Proven> {
  const files: BackupFile[] = [];
  const kids = new Set<string>();
  let header: BackupHeader | null = null;
  let end: BackupEnd | null = null;
  let kidAt = -1;
  for await (const found of readBackup(source)) {
    if (found.kind === 'header') {
      header = found.header;
      requireKnownSchema(header);
    }
    if (found.kind === 'file') files.push(found.file);
    if (found.kind === 'table') kidAt = kidColumn(found);
    if (found.kind === 'row' && kidAt >= 0) kids.add(String(found.row[kidAt]));
    if (found.kind === 'end') end = found.end;
  }
  if (header === null || end === null) throw new Error('Invariant broken: a backup without an end');
  const missing = missingKids([...kids], files);
  if (missing.length > 0) {
    throw new ExitError(
      'badInput',
      `${source.file}: expected the root keys of its rows, found none for ${missing.join(', ')}.`,
    );
  }
  return { header, files, end };
}

function kidColumn({ table }: Extract<Found, { kind: 'table' }>): number {
  const named = KEY_TABLES.find(({ table: name }) => name === table.name);
  return table.columns.findIndex(({ name }) => name === named?.column);
}

/** An older backup's migrations are the first of ours; a newer one's are more, or others. */
function requireKnownSchema({ schema, release }: BackupHeader): void {
  const unknown = schema.findIndex((name, index) => MIGRATIONS[index]?.name !== name);
  if (schema.length > 0 && unknown < 0) return;
  throw new ExitError(
    'badInput',
    `Expected a backup whose tables this release (${readRelease().version}) knows, up to ${MIGRATIONS.at(-1)?.name ?? 'none'}; found ${schema[unknown] ?? 'none'}, made by release ${release.version}. Restore it with that release or a newer one.`,
  );
}
