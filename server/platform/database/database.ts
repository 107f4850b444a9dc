// The words of the database room: who may ask (an organization, or the engine), what a transaction is,
// and `transaction()`. Owns no SQL. Text uses $1, $2 … on both databases; statements are prepared once
// per connection. A failed body rolls back; nothing is answered before the commit is durable.

import type { Dialect, Param, Queryable } from './dialect.ts';

export type { Param, Queryable, Row } from './dialect.ts';

declare const ORGANIZATION_TX: unique symbol;
declare const ENGINE_TX: unique symbol;

/** Bound to one organization: `org` is the first parameter of its statements, and on Postgres the
 * row-level security of the connection as well. */
export interface OrgQueryable extends Queryable {
  readonly org: string;
}

interface Transactional {
  /**
   * A statement whose count nobody needs, such as an insert that cannot be refused: it has no round trip of
   * its own, but goes with the next statement or with the commit. Nothing is kept when it fails, and what it
   * failed with is thrown there (on SQLite at once).
   */
  send(text: string, params?: readonly Param[]): void;
  /** Runs after the commit is durable; never when the transaction rolls back. Must not throw. */
  afterCommit(run: () => void): void;
  /** Runs when nothing of it was kept. Must not throw. */
  afterRollback(run: () => void): void;
}

/** Asked for by what must be atomic. A plain database does not type-check in its place. */
export interface Tx extends OrgQueryable, Transactional {
  readonly [ORGANIZATION_TX]: true;
}

/** A transaction of the engine: crosses organizations, by named statements only. */
export interface EngineTx extends Queryable, Transactional {
  readonly [ENGINE_TX]: true;
}

export interface OrgDatabase extends OrgQueryable {
  begin<T>(work: (tx: Tx) => Promise<T>): Promise<T>;
}

export interface EngineDatabase extends Queryable {
  begin<T>(work: (tx: EngineTx) => Promise<T>): Promise<T>;
}

export interface Databases {
  readonly dialect: Dialect;
  /** One organization at a time; connects as `app`. */
  org(orgId: string): OrgDatabase;
  /** Outbox, inbox, template load, credential look-up; connects as `engine`. */
  readonly engine: EngineDatabase;
  /** What durability is really set to on every live connection, read back from the database. */
  durability(): Promise<readonly Record<string, string>[]>;
  /** For /readyz: throws when the database does not answer. */
  ping(): Promise<void>;
  /** Gives back memory that can be had again at any time, such as pages of a file. */
  shrink(): void;
  /** Open, idle and waiting, for the metrics. */
  connections(): Readonly<Record<string, number>>;
  close(): Promise<void>;
}

/** Sees every statement before it runs; may rewrite it (tests strip predicates, simulations count). */
export type StatementHook = (statement: {
  text: string;
  params: readonly Param[];
  org: string | null;
}) => string | undefined;

/**
 * Opens a transaction and runs the work in it. On Postgres: begin … commit, tried again (at most five
 * times) on serialization failures and deadlocks. On SQLite: a savepoint in a group that commits once.
 * Inside, only the database may be awaited.
 */
export function transaction<TxType, T>(
  db: { begin<R>(work: (tx: TxType) => Promise<R>): Promise<R> },
  work: (tx: TxType) => Promise<T>,
): Promise<T> {
  return db.begin(work);
}

/** A statement of a transaction that is over: it would run in nobody's, or in somebody else's. */
export class TransactionEndedError extends Error {
  constructor() {
    super('This transaction has ended; its statements may not be used any more.');
    this.name = 'TransactionEndedError';
  }
}

const ORG_ID = /^[a-z0-9_]{1,40}$/;

/** An org id also travels inside `set_config(…)`: anything but our own alphabet is refused. */
export function checkOrgId(orgId: string): string {
  if (!ORG_ID.test(orgId))
    throw new Error('Invariant broken: an organization id has a foreign form');
  return orgId;
}
