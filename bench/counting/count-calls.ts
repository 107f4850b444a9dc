// Loaded into a process before anything else (--import), ours or a peer: counts what it asks of its database,
// and writes the counts into a file on SIGUSR2. Timed rounds run without it.

import { renameSync, writeFileSync } from 'node:fs';
import Sqlite from 'better-sqlite3';
import pg from 'pg';

/** Names the file. */
export const COUNTS_FILE = 'BENCH_COUNTS_FILE';
/** Any value: the statements of each transaction that writes are kept as well, for a replay. */
export const KEEP_STATEMENTS = 'BENCH_KEEP_STATEMENTS';

export interface Counts {
  statements: number;
  /** Round trips to the database; none where it is in the process. */
  exchanges: number;
  /** Transactions that may have written. */
  commits: number;
  transactions: Statement[][];
}

export interface Statement {
  text: string;
  params: unknown;
}

const KEPT_MAX = 400;
const counts: Counts = { statements: 0, exchanges: 0, commits: 0, transactions: [] };
const keeps = process.env[KEEP_STATEMENTS] !== undefined;
let open: Statement[] | null = null;

const file = process.env[COUNTS_FILE];
if (file !== undefined) {
  countSqlite();
  countPostgres();
  process.on('SIGUSR2', () => {
    writeFileSync(`${file}.new`, JSON.stringify(counts));
    renameSync(`${file}.new`, file);
  });
}

type Method = (this: unknown, ...args: unknown[]) => unknown;

function countSqlite(): void {
  const probe = new Sqlite(':memory:');
  const statement = Object.getPrototypeOf(probe.prepare('select 1')) as Record<string, Method>;
  probe.close();
  for (const name of ['run', 'get', 'all', 'iterate']) {
    const original = statement[name] as Method;
    statement[name] = function counted(this: { source: string }, ...args: unknown[]): unknown {
      note(this.source, args[0]);
      return original.apply(this, args);
    } as Method;
  }
  const prototype = Sqlite.prototype as unknown as Record<string, Method>;
  const exec = prototype['exec'] as Method;
  prototype['exec'] = function counted(this: unknown, ...args: unknown[]): unknown {
    note(String(args[0]), undefined);
    return exec.apply(this, args);
  };
}

function countPostgres(): void {
  const prototype = pg.Client.prototype as unknown as Record<string, Method>;
  const query = prototype['query'] as Method;
  prototype['query'] = function counted(this: unknown, ...args: unknown[]): unknown {
    const asked = args[0] as string | { text?: string; statements?: readonly { text: string }[] };
    counts.exchanges += 1;
    if (typeof asked === 'string') note(asked, undefined);
    else for (const { text = '' } of asked.statements ?? [asked]) note(text, undefined);
    return query.apply(this, args);
  };
}

function note(text: string, params: unknown): void {
  counts.statements += 1;
  const word = /^\s*(\w+)/.exec(text)?.[1]?.toLowerCase();
  if (word === 'commit') counts.commits += 1;
  if (!keeps) return;
  if (word === 'begin') open = [];
  else if (word === 'commit' && open !== null) {
    if (counts.transactions.length < KEPT_MAX) counts.transactions.push(open);
    open = null;
  } else if (word !== 'savepoint' && word !== 'release') open?.push({ text, params });
}
