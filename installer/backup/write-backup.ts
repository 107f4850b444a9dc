// Puts a backup together, line by line, from one moment of the database. The order matters: the moment is
// fixed first and the keys are read after it. A key is on the disk before anything is wrapped under it, and
// keys are only added; so a later key file opens every row of an earlier moment, never the other way round.

import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import { ExitError } from '../exit-codes.ts';
import { type BackupEnd, type BackupFile, type BackupHeader, FORMAT, type Sum } from './format.ts';
import { gatherFiles } from './gather-files.ts';
import { missingKids } from './key-file.ts';
import type { Place } from './places.ts';
import { readRelease } from './release.ts';
import type { Snapshot } from './snapshot.ts';
import { openSnapshot } from './store-snapshot.ts';

export interface BackupWanted {
  settings: DatabaseSettings;
  places: readonly Place[];
  keyProvider: string;
  now: Date;
  tell(event: BackupEvent): void;
}

export type BackupEvent =
  | { event: 'snapshot'; id: string; schema: string; organizations: number; tables: number }
  | { event: 'file'; part: string; name: string; bytes: number }
  | { event: 'table'; name: string; rows: number };

export interface OpenBackup {
  header: BackupHeader;
  files: readonly BackupFile[];
  /** The lines, to be sealed. */
  stream: Readable;
  /** Known once the stream has ended. */
  end(): BackupEnd;
  /** Lets the moment go; always to be called. */
  close(): Promise<void>;
}

export async function openBackup(wanted: BackupWanted): Promise<OpenBackup> {
  const snapshot = await openSnapshot(wanted.settings);
  try {
    const files = gatherFiles(wanted.places);
    requireKeys(snapshot, files);
    const header = headerOf(wanted, snapshot);
    let end: BackupEnd | null = null;
    const lines = async function* (): AsyncGenerator<Buffer> {
      end = yield* writeLines(wanted, snapshot, { header, files });
    };
    return {
      header,
      files,
      stream: Readable.from(lines(), { objectMode: false }),
      end: () => {
        if (end === null) throw new Error('The backup has not been written to its end.');
        return end;
      },
      close: snapshot.close,
    };
  } catch (error) {
    await snapshot.close();
    throw error;
  }
}

function requireKeys(snapshot: Snapshot, files: readonly BackupFile[]): void {
  const missing = missingKids(snapshot.rootKids, files);
  if (missing.length === 0) return;
  throw new ExitError(
    'badInput',
    `Expected the key file to hold every root key that rows are wrapped under, found none for ${missing.join(', ')}. A backup without it could never be read; nothing was written.`,
  );
}

function headerOf(wanted: BackupWanted, snapshot: Snapshot): BackupHeader {
  return {
    format: FORMAT,
    id: randomUUID(),
    release: readRelease(),
    schema: snapshot.schema,
    created_at: wanted.now.toISOString(),
    database: wanted.settings.kind,
    organizations: snapshot.organizations,
    keys: { provider: wanted.keyProvider },
  };
}

async function* writeLines(
  { tell }: BackupWanted,
  snapshot: Snapshot,
  { header, files }: { header: BackupHeader; files: readonly BackupFile[] },
): AsyncGenerator<Buffer, BackupEnd> {
  const all = createHash('sha256');
  const put = (text: string): Buffer => {
    const bytes = Buffer.from(text);
    all.update(bytes);
    return bytes;
  };
  const { id, organizations } = header;
  const schema = snapshot.schema.at(-1) ?? '';
  tell({ event: 'snapshot', id, schema, organizations, tables: snapshot.tables.length });
  yield put(line({ header }));
  for (const file of files) {
    const { part, name, mode, body } = file;
    const sha256 = createHash('sha256').update(body).digest('hex');
    yield put(line({ file: { part, name, mode, sha256, body: body.toString('base64') } }));
    tell({ event: 'file', part, name, bytes: body.length });
  }
  const tables: Record<string, Sum> = {};
  for (const table of snapshot.tables) {
    yield put(line({ table }));
    const hash = createHash('sha256');
    let rows = 0;
    for await (const lot of snapshot.lines(table)) {
      const bytes = put(lot.join(''));
      hash.update(bytes);
      rows += lot.length;
      yield bytes;
    }
    const sum = { rows, sha256: hash.digest('hex') };
    tables[table.name] = sum;
    yield put(line({ sum }));
    tell({ event: 'table', name: table.name, rows });
  }
  const sequences = await snapshot.sequences();
  const end = { tables, files: files.length, sequences, sha256: all.digest('hex') };
  yield Buffer.from(line({ end }));
  return end;
}

function line(record: object): string {
  return `${JSON.stringify(record)}\n`;
}
