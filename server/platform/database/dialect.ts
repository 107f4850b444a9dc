// The whole difference between Postgres and SQLite, as named capabilities. The two implementations
// (postgres.ts, sqlite.ts) are read side by side. Never ask which database it is; ask what it can do.

export type Param = string | number | boolean | null | Uint8Array;
export type Row = Record<string, unknown>;

export interface Queryable {
  readonly dialect: Dialect;
  /** Runs one prepared statement and returns its rows (also of `… returning`). */
  query<T extends Row = Row>(text: string, params?: readonly Param[]): Promise<T[]>;
  /** Runs one prepared statement and returns how many rows it touched. */
  execute(text: string, params?: readonly Param[]): Promise<number>;
}

export interface Dialect {
  readonly name: string;
  /** SQL for the database's own clock in integer milliseconds; lease time comes from here. */
  readonly nowMs: string;
  /** Appended to a select that locks the rows it will change. Nothing where there is one writer. */
  readonly forUpdate: string;
  /** The same, passing over rows that others hold. */
  readonly forUpdateSkipLocked: string;
  /**
   * A statement that holds a name, given as $1, until its transaction ends, and waits for whoever holds it.
   * Null where there is one writer. A foreign name may fall on the same number, and waits as well.
   */
  readonly holdName: string | null;
  /** A set of texts from one JSON array parameter: `in (${dialect.textsOf('$2')})`. */
  textsOf(param: string): string;
  /** A set of integers from one JSON array parameter. */
  integersOf(param: string): string;
  /**
   * A table from one JSON parameter, an array of objects: `from ${dialect.rowsOf('$1', { id: 'text',
   * at: 'integer' }, 'r')}` gives columns r.id, r.at. One round trip for any number of rows.
   */
  rowsOf(param: string, columns: Record<string, 'text' | 'integer'>, alias: string): string;
  /** Bytes from a column of hexadecimal text: JSON parameters cannot carry bytes. */
  bytesOfHex(column: string): string;
  /** SQL that is true when column `c` (text of a JSON object) holds the given text at key `k`. */
  jsonText(column: string, key: string): string;
  isUniqueViolation(error: unknown): boolean;
  isForeignKeyViolation(error: unknown): boolean;
  /** Deadlock, serialization failure, busy: the same work may succeed when tried again. */
  isRetryable(error: unknown): boolean;
  /** A lock was waited for longer than the connection allows. */
  isLockTimeout(error: unknown): boolean;
  /** The database cannot serve right now (unreachable, stopping, full, busy); later it may. */
  isUnavailable(error: unknown): boolean;
  readonly gap: GapCapability;
}

/**
 * What the gap rule needs to know (see low-water.ts). Sequence numbers are handed out at insert and
 * become visible at commit; a reader may only pass a number when everything up to it has ended.
 */
export interface GapCapability {
  /** The highest number handed out so far by the sequence of this table. */
  highest(db: Queryable, sequence: string): Promise<number>;
  /** A ticket taken after `highest`: every transaction older than it may still own such a number. */
  ticket(db: Queryable): Promise<string>;
  /** Whether every transaction older than the ticket has ended. */
  passed(db: Queryable, ticket: string): Promise<boolean>;
}
