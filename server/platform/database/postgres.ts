// Postgres: two pools, `app` (one organization at a time, under row-level security) and `engine`
// (crosses organizations by named statements). The organization is set inside each transaction and is
// gone with it, so a borrowed connection never remembers the one before. Needs session pooling.

import pg from 'pg';
import { pause, type Timers } from '../../shared/world.ts';
import {
  checkOrgId,
  type Databases,
  type EngineTx,
  type Param,
  type Queryable,
  type Row,
  type StatementHook,
  TransactionEndedError,
  type Tx,
} from './database.ts';
import type { Dialect } from './dialect.ts';
import { postgresDialect } from './postgres-dialect.ts';
import {
  type Answer,
  Connected,
  Exchange,
  type ParserOf,
  type Statement,
} from './postgres-exchange.ts';
import type { DatabaseWorld } from './sqlite.ts';

export interface PostgresSettings {
  host: string;
  port: number;
  database: string;
  app: { user: string; password: string; connectionsMax: number };
  engine: { user: string; password: string; connectionsMax: number };
  statementTimeoutMs: number;
  ssl?: { ca?: string; rejectUnauthorized: boolean };
}

const RETRIES_MAX = 5;
/** Whoever waited for this one's locks must wake and take them first, or both stand where they stood. */
const RETRY_PAUSE_MS = 20;
/** Nobody waits longer for another's row: a request's own deadline is near. */
const LOCK_TIMEOUT_MS = 5_000;

export function connectPostgres(settings: PostgresSettings, world: DatabaseWorld): Databases {
  const dialect = postgresDialect(world.nowMs);
  const pools = { app: createPool(settings, 'app'), engine: createPool(settings, 'engine') };
  const room = (pool: pg.Pool, org: string | null): Room => ({
    pool,
    dialect,
    org,
    hook: world.hook,
    timers: world.timers,
  });

  return {
    dialect,
    org: (orgId) => {
      const here = room(pools.app, checkOrgId(orgId));
      return {
        ...readOutside(here),
        org: orgId,
        begin: (work) => begin(here, work as (tx: Tx | EngineTx) => Promise<never>),
      };
    },
    engine: {
      ...readOutside(room(pools.engine, null)),
      begin: (work) =>
        begin(room(pools.engine, null), work as (tx: Tx | EngineTx) => Promise<never>),
    },
    durability: async () => Promise.all([readDurability(pools.app), readDurability(pools.engine)]),
    ping: async () => void (await pools.app.query('select 1')),
    shrink: () => undefined,
    connections: () => ({
      app_total: pools.app.totalCount,
      app_idle: pools.app.idleCount,
      app_waiting: pools.app.waitingCount,
      engine_total: pools.engine.totalCount,
      engine_idle: pools.engine.idleCount,
      engine_waiting: pools.engine.waitingCount,
    }),
    close: async () => void (await Promise.all([pools.app.end(), pools.engine.end()])),
  };
}

interface Room {
  pool: pg.Pool;
  dialect: Dialect;
  org: string | null;
  hook: StatementHook | undefined;
  timers: Timers;
}

const TYPES = new pg.TypeOverrides();
TYPES.setTypeParser(pg.types.builtins.INT8, parseInteger);
TYPES.setTypeParser(pg.types.builtins.NUMERIC, parseInteger); // sums of bigint are numeric
const PARSER_OF: ParserOf = (oid) =>
  TYPES.getTypeParser<unknown>(oid, 'text') as unknown as (text: string) => unknown;

function createPool(settings: PostgresSettings, role: 'app' | 'engine'): pg.Pool {
  const pool = new pg.Pool({
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings[role].user,
    password: settings[role].password,
    max: settings[role].connectionsMax,
    types: TYPES,
    ...(settings.ssl === undefined ? {} : { ssl: settings.ssl }),
    application_name: `sallyport-${role}`,
    statement_timeout: settings.statementTimeoutMs,
    idle_in_transaction_session_timeout: settings.statementTimeoutMs,
    keepAlive: true,
    options: `-c synchronous_commit=on -c lock_timeout=${LOCK_TIMEOUT_MS}`,
  });
  // A broken idle connection is replaced by the pool; without a listener it would end the process.
  pool.on('error', ignored);
  return pool;
}

function parseInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    throw new Error(`A number does not fit a safe integer: ${text}`);
  return value;
}

/** Reads outside a transaction have one of their own, read only, that ends with their exchange. */
function readOutside(room: Room): Queryable {
  const run = (text: string, params: readonly Param[] = []): Promise<Answer> =>
    borrow(room, (last) => last([bound(room, READ_ONLY), hooked(room, text, params)]));
  return {
    dialect: room.dialect,
    query: async <T extends Row>(text: string, params?: readonly Param[]) =>
      (await run(text, params)).rows as T[],
    execute: async (text, params) => (await run(text, params)).count,
  };
}

async function begin<T>(room: Room, work: (tx: Tx | EngineTx) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await beginOnce(room, work);
    } catch (error) {
      if (attempt >= RETRIES_MAX || !room.dialect.isRetryable(error)) throw error;
      await pause(room.timers, attempt * RETRY_PAUSE_MS);
    }
  }
}

async function beginOnce<T>(room: Room, work: (tx: Tx | EngineTx) => Promise<T>): Promise<T> {
  const after: (() => void)[] = [];
  const undone: (() => void)[] = [];
  let open = true;
  const said = (text: string, params: readonly Param[] = []): Statement => {
    if (!open) throw new TransactionEndedError();
    return hooked(room, text, params);
  };
  const borrowed = borrow(room, async (last) => {
    let waiting: Statement[] = [BEGIN, bound(room, TRANSACTION_NUMBER)];
    const flush = (statement: Statement): Promise<Answer> => {
      const statements = [...waiting, statement];
      waiting = [];
      return last(statements);
    };
    const tx = {
      dialect: room.dialect,
      org: room.org,
      query: async (text: string, params?: readonly Param[]) =>
        (await flush(said(text, params))).rows,
      execute: async (text: string, params?: readonly Param[]) =>
        (await flush(said(text, params))).count,
      send: (text: string, params?: readonly Param[]) => void waiting.push(said(text, params)),
      afterCommit: (run: () => void) => void after.push(run),
      afterRollback: (run: () => void) => void undone.push(run),
    };
    const result = await work(tx as unknown as Tx & EngineTx).finally(() => (open = false));
    const { command } = await flush(COMMIT);
    // A transaction that failed inside answers COMMIT with ROLLBACK; that must not look like success.
    if (command !== 'COMMIT') throw new Error('The transaction was rolled back by the database.');
    return result;
  });
  const value = await borrowed.catch((error: unknown) => {
    for (const run of undone) run();
    throw error;
  });
  for (const run of after) run();
  return value;
}

const BEGIN: Statement = { text: 'begin', params: [] };
const COMMIT: Statement = { text: 'commit', params: [] };
const READ_ONLY = `set_config('transaction_read_only', 'on', true)`;
/** The gap rule (low-water.ts) needs the number to be older than any sequence value taken. */
const TRANSACTION_NUMBER = 'pg_current_xact_id()';

/** Sets the organization for as long as the transaction lasts, and what else its start wants. */
function bound({ org }: Room, wanted: string): Statement {
  if (org === null) return { text: `select ${wanted}`, params: [] };
  return { text: `select set_config('app.org', $1, true), ${wanted}`, params: [org] };
}

async function borrow<T>(room: Room, work: (last: Last) => Promise<T>): Promise<T> {
  const client = await room.pool.connect();
  // The pool hears of a lost connection only while it is idle; what is under way fails by itself.
  client.on('error', ignored);
  const release = (broken?: Error): void => {
    client.off('error', ignored);
    client.release(broken);
  };
  try {
    const value = await work(lastOf(client));
    release();
    return value;
  } catch (error) {
    await client.query('rollback').then(() => release(), release);
    throw error;
  }
}

function ignored(): void {}

/** Sends all of them in one exchange; answers what the last of them did. */
type Last = (statements: readonly Statement[]) => Promise<Answer>;

const CONNECTED = new WeakMap<pg.PoolClient, Connected>();

function lastOf(client: pg.PoolClient): Last {
  const connected = CONNECTED.get(client) ?? new Connected();
  CONNECTED.set(client, connected);
  return async (statements) => {
    const exchange = new Exchange(statements, { connected, parserOf: PARSER_OF });
    return (await client.query(exchange).answers).at(-1) as Answer;
  };
}

function hooked({ hook, org }: Room, text: string, params: readonly Param[]): Statement {
  return { text: hook?.({ text, params, org }) ?? text, params };
}

async function readDurability(pool: pg.Pool): Promise<Record<string, string>> {
  const settings = ['synchronous_commit', 'fsync', 'full_page_writes'];
  const picks = settings.map((name) => `current_setting('${name}') as ${name}`).join(', ');
  const result = await pool.query(
    `select ${picks}, current_user::text as role, (select rolsuper or rolbypassrls from pg_roles
       where rolname = current_user)::text as bypasses_row_security`,
  );
  return result.rows[0] as Record<string, string>;
}
