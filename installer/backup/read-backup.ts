// Reads a backup from its first line to its last and hands out what it finds, checking every sum on the
// way. What is handed out before the end is not yet proven: only `end` says that the whole was read.

import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type Credential, open } from './envelope.ts';
import { ExitError } from '../exit-codes.ts';
import {
  type BackupEnd,
  type BackupFile,
  type BackupHeader,
  decodeRow,
  FILE_BYTES_MAX,
  FILE_PARTS,
  FORMAT,
  LINE_BYTES_MAX,
  type Sum,
  type TableShape,
  type Value,
} from './format.ts';

export type Found =
  | { kind: 'header'; header: BackupHeader }
  | { kind: 'file'; file: BackupFile }
  | { kind: 'table'; table: TableShape }
  | { kind: 'row'; row: Value[] }
  | { kind: 'table_end'; table: TableShape; sum: Sum }
  | { kind: 'end'; end: BackupEnd };

export interface BackupSource {
  file: string;
  credential: Credential;
}

/** @throws ExitError: not ours, another format, changed, cut off. */
export async function* readBackup({ file, credential }: BackupSource): AsyncGenerator<Found> {
  const sealed = createReadStream(file);
  try {
    await new Promise<void>((resolve, reject) => {
      sealed.once('open', () => resolve());
      sealed.once('error', reject);
    });
    yield* readLines(await open(sealed, credential));
  } catch (error) {
    if (error instanceof ExitError) throw error;
    const said = error instanceof Error ? error.message : String(error);
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ExitError(
      'badInput',
      missing
        ? `${file}: expected a backup, found no such file.`
        : `${file} is damaged: it was changed or cut off (${said}).`,
      { cause: error },
    );
  } finally {
    sealed.destroy();
  }
}

interface Reading {
  all: Hash;
  table: { shape: TableShape; hash: Hash; rows: number } | null;
  sums: Record<string, Sum>;
  files: number;
  header: BackupHeader | null;
  ended: boolean;
}

async function* readLines(plain: AsyncIterable<Buffer>): AsyncGenerator<Found> {
  const reading: Reading = {
    all: createHash('sha256'),
    table: null,
    sums: {},
    files: 0,
    header: null,
    ended: false,
  };
  for await (const line of linesOf(plain)) yield take(reading, line);
  if (!reading.ended) throw new Error('its end is missing');
}

function take(reading: Reading, line: string): Found {
  if (reading.ended) throw new Error('it goes on behind its end');
  if (line.startsWith('[')) return takeRow(reading, line);
  const record = JSON.parse(line) as Record<string, unknown>;
  if ('end' in record) return takeEnd(reading, record['end'] as BackupEnd);
  reading.all.update(line);
  if (reading.header === null) return takeHeader(reading, record['header']);
  if ('file' in record) return takeFile(reading, record['file'] as Record<string, unknown>);
  if ('table' in record) {
    const shape = record['table'] as TableShape;
    if (reading.table !== null) throw new Error(`${reading.table.shape.name} has no sum`);
    reading.table = { shape, hash: createHash('sha256'), rows: 0 };
    return { kind: 'table', table: shape };
  }
  if ('sum' in record) return takeSum(reading, record['sum'] as Sum);
  throw new Error(`a line of an unknown kind: ${Object.keys(record).join(', ')}`);
}

function takeHeader(reading: Reading, written: unknown): Found {
  const header = written as BackupHeader | undefined;
  if (typeof header?.format !== 'string') throw new Error('its header is missing');
  if (header.format !== FORMAT) {
    throw new ExitError(
      'badInput',
      `Expected a backup of the format ${FORMAT}, found ${header.format}, made by release ${header.release?.version ?? 'unknown'}. Restore it with that release or a newer one.`,
    );
  }
  reading.header = header;
  return { kind: 'header', header };
}

function takeRow(reading: Reading, line: string): Found {
  const { table } = reading;
  if (table === null) throw new Error('a row outside of a table');
  reading.all.update(line);
  table.hash.update(line);
  table.rows += 1;
  return { kind: 'row', row: decodeRow(line, table.shape.columns.length) };
}

function takeFile(reading: Reading, written: Record<string, unknown>): Found {
  const { part, name, mode, body, sha256 } = written as Record<string, string> & { mode: number };
  const bytes = Buffer.from(body ?? '', 'base64');
  const isKnown = (FILE_PARTS as readonly string[]).includes(part ?? '');
  // A name that climbs out of its place is never ours.
  const isInside =
    /^[^/\\]+(\/[^/\\]+)*$/.test(name ?? '') && !(name ?? '').split('/').includes('..');
  if (!isKnown || !isInside || bytes.length > FILE_BYTES_MAX)
    throw new Error('a file out of place');
  if (createHash('sha256').update(bytes).digest('hex') !== sha256)
    throw new Error(`the file ${name} does not match its sum`);
  reading.files += 1;
  const file = { part, name, mode: mode & 0o700, body: bytes } as unknown as BackupFile;
  return { kind: 'file', file };
}

function takeSum(reading: Reading, sum: Sum): Found {
  const { table } = reading;
  if (table === null) throw new Error('a sum outside of a table');
  const found = { rows: table.rows, sha256: table.hash.digest('hex') };
  requireSame(table.shape.name, sum, found);
  reading.sums[table.shape.name] = found;
  reading.table = null;
  return { kind: 'table_end', table: table.shape, sum: found };
}

function takeEnd(reading: Reading, end: BackupEnd): Found {
  if (reading.table !== null || reading.header === null) throw new Error('it ends too early');
  const all = reading.all.digest('hex');
  if (end.sha256 !== all) throw new Error('it does not match its sum');
  if (end.files !== reading.files)
    throw new Error(`${end.files} files are named, ${reading.files} found`);
  for (const name of new Set([...Object.keys(end.tables), ...Object.keys(reading.sums)])) {
    requireSame(name, end.tables[name], reading.sums[name]);
  }
  reading.ended = true;
  return { kind: 'end', end };
}

function requireSame(table: string, expected: Sum | undefined, found: Sum | undefined): void {
  if (expected?.rows === found?.rows && expected?.sha256 === found?.sha256) return;
  throw new Error(
    `the table ${table}: expected ${expected?.rows ?? 'no'} rows, found ${found?.rows ?? 'none'}, or others`,
  );
}

const NEWLINE = 0x0a;

/** Lines with their line end. */
async function* linesOf(plain: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  for await (const chunk of plain) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      const piece = chunk.subarray(from, at + 1);
      yield (held.length === 0 ? piece : Buffer.concat([...held, piece])).toString('utf8');
      held = [];
      heldBytes = 0;
      from = at + 1;
    }
    if (from < chunk.length) held.push(chunk.subarray(from));
    heldBytes += chunk.length - from;
    if (heldBytes > LINE_BYTES_MAX) throw new Error('a line is too long');
  }
  if (held.length > 0) throw new Error('its last line is cut off');
}
