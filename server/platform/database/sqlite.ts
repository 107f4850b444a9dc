// SQLite: one writer connection behind group commit, one read-only connection beside it. First-class:
// the same suites run here and on Postgres. Durability: WAL with synchronous=FULL (or EXTRA), so that
// a commit is on the disk before anybody hears of it.

import { closeSync, fchmodSync, fstatSync, openSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import type { Timers } from '../../shared/world.ts';
import {
  checkOrgId,
  type Databases,
  type EngineDatabase,
  type EngineTx,
  type OrgDatabase,
  type Param,
  type Queryable,
  type Row,
  type StatementHook,
  TransactionEndedError,
  type Tx,
} from './database.ts';
import type { Dialect } from './dialect.ts';
import { createGroupWriter, type GroupLimits, type GroupWriter } from './group-commit.ts';

export interface SqliteSettings {
  file: string;
  synchronous: 'FULL' | 'EXTRA';
  group: GroupLimits;
}

export interface DatabaseWorld {
  timers: Timers;
  /** SQL in place of the database's clock, for simulations. */
  nowMs?: string;
  hook?: StatementHook;
}

export function sqliteDialect(nowMs = `cast(unixepoch('subsec') * 1000 as integer)`): Dialect {
  return {
    name: 'sqlite',
    nowMs,
    forUpdate: '',
    forUpdateSkipLocked: '',
    holdName: null,
    textsOf: (param) => `select value from json_each(${param})`,
    integersOf: (param) => `select value from json_each(${param})`,
    rowsOf: (param, columns, alias) => {
      const picks = Object.keys(columns).map((name) => `value ->> '$.${name}' as ${name}`);
      // jsonb: each ->> finds its key in bytes that are parsed once, not once per column.
      return `(select ${picks.join(', ')} from jsonb_each(${param})) as ${alias}`;
    },
    bytesOfHex: (column) => `unhex(${column})`,
    jsonText: (column, key) => `(${column} ->> '$.${key}')`,
    isUniqueViolation: (error) =>
      hasCode(error, 'SQLITE_CONSTRAINT_UNIQUE') || hasCode(error, 'SQLITE_CONSTRAINT_PRIMARYKEY'),
    isForeignKeyViolation: (error) => hasCode(error, 'SQLITE_CONSTRAINT_FOREIGNKEY'),
    isRetryable: (error) => hasCode(error, 'SQLITE_BUSY') || hasCode(error, 'SQLITE_LOCKED'),
    isLockTimeout: (error) => hasCode(error, 'SQLITE_BUSY'),
    isUnavailable: (error) =>
      ['SQLITE_BUSY', 'SQLITE_LOCKED', 'SQLITE_FULL', 'SQLITE_IOERR'].some((code) =>
        hasCode(error, code),
      ),
    gap: {
      // One writer: the order of ids is the order of commits, so what is visible is settled.
      highest: async (db, sequence) => {
        const rows = await db.query('select seq from sqlite_sequence where name = $1', [sequence]);
        return Number(rows[0]?.['seq'] ?? 0);
      },
      ticket: async () => '',
      passed: async () => true,
    },
  };
}

export function connectSqlite(settings: SqliteSettings, world: DatabaseWorld): Databases {
  const dialect = sqliteDialect(world.nowMs);
  const writer = openConnection(settings, false);
  const reader = openConnection(settings, true);
  const group = createGroupWriter(writer.connection, settings.group, world.timers);
  const queryable = (side: Side, org: string | null): Bound =>
    bind({ side, dialect, org, hook: world.hook });

  const org = (orgId: string): OrgDatabase => {
    checkOrgId(orgId);
    return {
      ...queryable(reader, orgId),
      org: orgId,
      begin: (work) =>
        begin(group, { base: queryable(writer, orgId), org: orgId }, work as Work<Tx>),
    };
  };
  const engine: EngineDatabase = {
    ...queryable(reader, null),
    begin: (work) =>
      begin(group, { base: queryable(writer, null), org: null }, work as Work<EngineTx>),
  };
  return {
    dialect,
    org,
    engine,
    durability: async () => [readDurability(writer), readDurability(reader)],
    ping: async () => void reader.prepare('select 1').get(),
    shrink: () => {
      for (const { connection } of [writer, reader]) connection.pragma('shrink_memory');
    },
    connections: () => ({ writer: 1, reader: 1 }),
    close: async () => {
      await group.idle();
      reader.connection.close();
      writer.connection.close();
    },
  };
}

type Work<TxType> = (tx: TxType) => Promise<never>;

interface Side {
  connection: Sqlite.Database;
  prepare(text: string): Sqlite.Statement;
}

const OWNER_ONLY = 0o600;

/** SQLite would make it by the umask; its -wal and -shm take the mode of the file. */
function keepToOwner(file: string): void {
  if (file === ':memory:') return;
  const handle = openSync(file, 'a', OWNER_ONLY);
  try {
    const { mode, uid } = fstatSync(handle);
    // Another's file is his to open or close.
    if ((mode & 0o077) !== 0 && uid === process.getuid?.()) fchmodSync(handle, OWNER_ONLY);
  } finally {
    closeSync(handle);
  }
}

/** The operating system keeps the file's pages as well. */
const CACHE_KB = 2_000;

function openConnection(settings: SqliteSettings, readonly: boolean): Side {
  if (!readonly) keepToOwner(settings.file);
  const connection = new Sqlite(settings.file, { readonly });
  connection.pragma('busy_timeout = 5000');
  // The addon's default is 16 MB on each connection, which loading the gallery alone would fill.
  connection.pragma(`cache_size = -${CACHE_KB}`);
  connection.pragma('foreign_keys = on');
  connection.pragma('trusted_schema = off');
  connection.pragma(`synchronous = ${settings.synchronous}`);
  if (!readonly) {
    connection.pragma('journal_mode = wal');
    connection.pragma('secure_delete = on');
    // Whoever holds the lock is waited for off this thread: group-commit.ts.
    connection.pragma('busy_timeout = 0');
  }
  const cache = new Map<string, Sqlite.Statement>();
  const prepare = (text: string): Sqlite.Statement => {
    let statement = cache.get(text);
    if (statement === undefined) {
      statement = connection.prepare(text);
      cache.set(text, statement);
    }
    return statement;
  };
  return { connection, prepare };
}

function readDurability(side: Side): Record<string, string> {
  const read = (name: string): string => String(side.connection.pragma(name, { simple: true }));
  const levels = ['OFF', 'NORMAL', 'FULL', 'EXTRA'];
  return {
    journal_mode: read('journal_mode'),
    synchronous: levels[Number(read('synchronous'))] ?? 'unknown',
    foreign_keys: read('foreign_keys'),
  };
}

interface Binding {
  side: Side;
  dialect: Dialect;
  org: string | null;
  hook: StatementHook | undefined;
}

/** `run` answers at once: what a transaction only sends is run like that. */
type Bound = Queryable & { run(text: string, params?: readonly Param[]): number };

function bind({ side, dialect, org, hook }: Binding): Bound {
  const statement = (text: string, params: readonly Param[]): Sqlite.Statement =>
    side.prepare(hook?.({ text, params, org }) ?? text);
  const run = (text: string, params: readonly Param[] = []): number => {
    const prepared = statement(text, params);
    if (prepared.reader) return prepared.all(...values(params)).length;
    return prepared.run(...values(params)).changes;
  };
  return {
    dialect,
    query: async <T extends Row>(text: string, params: readonly Param[] = []) => {
      const prepared = statement(text, params);
      if (prepared.reader) return prepared.all(...values(params)) as T[];
      prepared.run(...values(params));
      return [];
    },
    execute: async (text, params) => run(text, params),
    run,
  };
}

function begin<T extends Queryable>(
  group: GroupWriter,
  { base, org }: { base: Bound; org: string | null },
  work: (tx: T) => Promise<never>,
): Promise<never> {
  let open = true;
  const after: (() => void)[] = [];
  const undone: (() => void)[] = [];
  const guard = (): void => {
    if (!open) throw new TransactionEndedError();
  };
  const tx = {
    dialect: base.dialect,
    org,
    query: async (text: string, params?: readonly Param[]) => (guard(), base.query(text, params)),
    execute: async (text: string, params?: readonly Param[]) => (
      guard(),
      base.execute(text, params)
    ),
    send: (text: string, params?: readonly Param[]) => (guard(), void base.run(text, params)),
    afterCommit: (run: () => void) => void after.push(run),
    afterRollback: (run: () => void) => void undone.push(run),
  };
  return group.submit({
    run: () => work(tx as unknown as T),
    close: () => (open = false),
    committed: () => after.forEach((run) => run()),
    rolledBack: () => undone.forEach((run) => run()),
  });
}

/** `$1` is a named parameter to SQLite, so values travel as an object keyed by their number. */
function values(params: readonly Param[]): [] | [Record<string, unknown>] {
  if (params.length === 0) return [];
  const bound: Record<string, unknown> = {};
  for (const [index, value] of params.entries()) bound[index + 1] = toSqlite(value);
  return [bound];
}

function toSqlite(value: Param): unknown {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Uint8Array && !Buffer.isBuffer(value)) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  }
  return value;
}

/** By its code and not its class: the addon keeps the class of whoever loaded it first. */
function hasCode(error: unknown, code: string): boolean {
  const found = (error as { code?: unknown } | null)?.code;
  return typeof found === 'string' && found.startsWith(code);
}
