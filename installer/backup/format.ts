// The words of `sallyport-backup/1`, before compression and encryption: lines of JSON. A header, the files,
// each table as its head, its rows and its sum, and at the end what all of it must add up to. Values are
// written the same way whatever database they come from, so a sum means the rows and nothing else.

export const FORMAT = 'sallyport-backup/1';

export type ColumnKind = 'text' | 'integer' | 'bytes';

export interface Column {
  name: string;
  kind: ColumnKind;
}

export interface TableShape {
  name: string;
  columns: readonly Column[];
  /** Rows come in this order: the organization, then the primary key, by bytes and not by language. */
  order: readonly string[];
}

export interface BackupHeader {
  format: string;
  id: string;
  release: { version: string; commit: string };
  /** Names of the migrations that made the tables, oldest first. */
  schema: readonly string[];
  created_at: string;
  database: 'sqlite' | 'postgres';
  organizations: number;
  keys: { provider: string };
}

/** Which of the box's places a file belongs to; where that is, the box that is restored says. */
export const FILE_PARTS = ['keys', 'authority', 'api_key', 'tls', 'config', 'secrets'] as const;
export type FilePart = (typeof FILE_PARTS)[number];

export interface BackupFile {
  part: FilePart;
  /** Relative to its place, with `/`. */
  name: string;
  mode: number;
  body: Buffer;
}

export interface Sum {
  rows: number;
  sha256: string;
}

export interface BackupEnd {
  tables: Readonly<Record<string, Sum>>;
  files: number;
  /** The highest number each table's sequence has handed out. */
  sequences: Readonly<Record<string, number>>;
  /** Of every line before this one. */
  sha256: string;
}

/** Anything longer is no line of ours. */
export const LINE_BYTES_MAX = 256 * 1024 * 1024;
export const FILE_BYTES_MAX = 16 * 1024 * 1024;

/** One value as a database driver gives it. Integers are exact beyond 2^53 as well. */
export function encodeValue(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (typeof value === 'bigint') {
    const small = value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER;
    return small ? String(value) : `{"i":"${value}"}`;
  }
  if (value instanceof Uint8Array) {
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return `{"b":"${bytes.toString('base64')}"}`;
  }
  throw new Error(`A value of type ${typeof value} cannot be carried by ${FORMAT}.`);
}

export function encodeRow(values: readonly unknown[]): string {
  return `[${values.map(encodeValue).join(',')}]\n`;
}

export type Value = string | number | bigint | Buffer | null;

export function decodeRow(line: string, columns: number): Value[] {
  const row: unknown = JSON.parse(line);
  if (!Array.isArray(row) || row.length !== columns) {
    throw new Error(`expected a row of ${columns} values`);
  }
  return row.map(decodeValue);
}

function decodeValue(value: unknown): Value {
  if (value === null || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const { i, b } = (value ?? {}) as { i?: unknown; b?: unknown };
  if (typeof i === 'string' && /^-?\d{1,19}$/.test(i)) return BigInt(i);
  if (typeof b === 'string') return Buffer.from(b, 'base64');
  throw new Error('expected a text, an integer, bytes or null');
}
