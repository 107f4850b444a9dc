// SQLite's one writer, shared by many callers: each runs in a savepoint of a group that commits once,
// and nobody is answered before that commit. Inside a body only the database may be awaited: a body
// still open when the event loop has turned once is refused, or it would hold every other writer.
// An I/O error or a full disk fails the whole group.

import type Sqlite from 'better-sqlite3';
import { pause, type Timers } from '../../shared/world.ts';
import { toError } from '../../shared/errors.ts';

/** Five seconds in all; then the group fails as `unavailable`, which callers may try again. */
const BUSY_PAUSE_MS = 10;
const BUSY_TRIES_MAX = 500;

export interface GroupLimits {
  /** A group that was shared last time waits this long for more callers. */
  waitMs: number;
  callersMax: number;
}

export interface GroupWork<T> {
  /** Runs the body with statements open until `close` is called. */
  run(): Promise<T>;
  close(): void;
  committed(): void;
  rolledBack(): void;
}

interface Job {
  work: GroupWork<unknown>;
  resolve: (value: unknown) => void;
  reject: (error: Error) => void;
  outcome: { ok: true; value: unknown } | { ok: false; error: Error } | null;
}

export interface GroupWriter {
  submit<T>(work: GroupWork<T>): Promise<T>;
  /** Resolves when nothing waits and nothing runs. */
  idle(): Promise<void>;
}

export class BodyOutlivedTurnError extends Error {
  constructor() {
    super(
      'A SQLite transaction awaited something other than the database. ' +
        'Do network calls, timers and worker messages before or after it.',
    );
    this.name = 'BodyOutlivedTurnError';
  }
}

export function createGroupWriter(
  db: Sqlite.Database,
  limits: GroupLimits,
  timers: Timers,
): GroupWriter {
  let queue: Job[] = [];
  let scheduled = false;
  let running = false;
  let lastSize = 0;
  let waiters: (() => void)[] = [];

  const submit = <T>(work: GroupWork<T>): Promise<T> =>
    new Promise<T>((resolve, reject) => {
      queue.push({ work, resolve: resolve as (value: unknown) => void, reject, outcome: null });
      schedule();
    });

  function schedule(): void {
    if (scheduled || running) return;
    scheduled = true;
    setImmediate(() => {
      const wait = lastSize > 1 && queue.length < lastSize && queue.length < limits.callersMax;
      if (wait && limits.waitMs > 0) timers.after(limits.waitMs, () => void flush());
      else void flush();
    });
  }

  async function flush(): Promise<void> {
    scheduled = false;
    running = true;
    const jobs = queue.slice(0, limits.callersMax);
    queue = queue.slice(jobs.length);
    lastSize = jobs.length;
    const failure = await runGroup(db, timers, jobs);
    for (const job of jobs) answer(job, failure);
    running = false;
    if (queue.length > 0) schedule();
    else {
      for (const done of waiters) done();
      waiters = [];
    }
  }

  const idle = (): Promise<void> =>
    queue.length === 0 && !running
      ? Promise.resolve()
      : new Promise((resolve) => waiters.push(resolve));

  return { submit, idle };
}

/** Returns what failed the whole group, or null when it is committed. */
async function runGroup(
  db: Sqlite.Database,
  timers: Timers,
  jobs: readonly Job[],
): Promise<Error | null> {
  try {
    await beginImmediate(db, timers);
    for (const job of jobs) {
      await runOne(db, job);
      // SQLite rolls everything back by itself on a full disk or an I/O error.
      if (!db.inTransaction)
        throw job.outcome?.ok === false ? job.outcome.error : new Error('lost');
    }
    db.exec('commit');
    return null;
  } catch (thrown) {
    if (db.inTransaction) db.exec('rollback');
    return toError(thrown);
  }
}

/**
 * Another process may hold the write lock: a migration, a person at the sqlite3 shell. SQLite's own
 * busy handler would sleep on this thread and stop every read, heartbeat and deadline with it.
 */
async function beginImmediate(db: Sqlite.Database, timers: Timers): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      db.exec('begin immediate');
      return;
    } catch (thrown) {
      const busy = (thrown as { code?: unknown }).code === 'SQLITE_BUSY';
      if (!busy || tried >= BUSY_TRIES_MAX) throw thrown;
    }
    await pause(timers, BUSY_PAUSE_MS);
  }
}

async function runOne(db: Sqlite.Database, job: Job): Promise<void> {
  db.exec('savepoint one');
  let turned: NodeJS.Immediate | undefined;
  const outlived = new Promise<never>((_resolve, reject) => {
    turned = setImmediate(() => reject(new BodyOutlivedTurnError()));
  });
  try {
    job.outcome = { ok: true, value: await Promise.race([job.work.run(), outlived]) };
  } catch (thrown) {
    job.outcome = { ok: false, error: toError(thrown) };
  } finally {
    clearImmediate(turned);
    job.work.close();
  }
  if (!db.inTransaction) return;
  if (!job.outcome.ok) db.exec('rollback to one');
  db.exec('release one');
}

function answer(job: Job, failure: Error | null): void {
  if (failure !== null) {
    // Whatever it says of itself may rest on what another of the group had written.
    job.work.rolledBack();
    job.reject(failure);
    return;
  }
  if (job.outcome?.ok === true) {
    job.work.committed();
    job.resolve(job.outcome.value);
  } else {
    job.work.rolledBack();
    job.reject(job.outcome?.error ?? new Error('The work of this transaction did not run.'));
  }
}
