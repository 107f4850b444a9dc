// Webhooks on their way out: a row per delivery, written in the transaction of the event, sent when
// due in twin time, retried by the provider's schedule, and picked up again after a restart.

import type { Clock } from './clock.ts';
import { all, type Database, insert, one, readSetting, run, writeSetting } from './database.ts';
import type { Faults } from './faults.ts';
import type { Log } from './log.ts';
import type { Wan } from './wan.ts';
import { postWebhook } from './webhook-post.ts';

export type WebhookStyle = {
  headers(body: string, nowMs: number, secret: string): Record<string, string>;
  /** Waits between attempts; when they are used up the delivery is abandoned. */
  retryDelaysMs: readonly number[];
};

export type Webhooks = {
  /** What is not given stays as it was. */
  configure(endpoint: { url?: string | undefined; secret?: string | undefined }): void;
  /** Call inside the transaction that makes the event; without an endpoint nothing is queued. */
  enqueue(event: { id: string; type: string; body: string }): void;
  /** Call after commit. */
  wake(): void;
  releaseHeld(): void;
  summary(): Record<string, unknown>;
  stop(): Promise<void>;
};

type Row = { id: number; type: string; body: string; attempts: number; faulted: number };
type Parts = {
  db: Database;
  clock: Clock;
  wan: Wan;
  faults: Faults;
  style: WebhookStyle;
  log: Log;
};

const PARALLEL_MAX = 4;
const TIMER_MAX_MS = 60_000;

export function createWebhooks(parts: Parts): Webhooks {
  const { db, clock, wan } = parts;
  const active = new Map<number, { abort: AbortController; done: Promise<void> }>();
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  wan.onCut(() => active.forEach(({ abort }) => abort.abort()));
  clock.onChange(pump);

  function pump(): void {
    clearTimeout(timer);
    if (isStopped || endpoint(db) === null) return;
    for (const row of due()) {
      if (active.size >= PARALLEL_MAX) return;
      if (active.has(row.id)) continue;
      const abort = new AbortController();
      const done = attempt(parts, row, abort.signal).catch((error: unknown) =>
        parts.log('webhook.broken', { id: row.id, error: String(error) }),
      );
      active.set(row.id, { abort, done });
      void done.then(() => {
        active.delete(row.id);
        pump();
      });
    }
    arm();
  }

  function due(): Row[] {
    const sql = `select id, type, body, attempts, faulted from webhook_delivery
      where state = 'pending' and next_ms <= ? order by next_ms, id limit ?`;
    return all<Row>(db, sql, clock.nowMs(), PARALLEL_MAX * 2);
  }

  function arm(): void {
    const sql = `select min(next_ms) as at from webhook_delivery where state = 'pending' and next_ms > ?`;
    const at = one<{ at: number | null }>(db, sql, clock.nowMs())?.at ?? null;
    if (at === null) return;
    timer = setTimeout(pump, Math.min(Math.max(at - clock.nowMs(), 1), TIMER_MAX_MS));
  }

  return {
    configure({ url, secret }) {
      if (url !== undefined) writeSetting(db, 'webhook_url', url);
      if (secret !== undefined) writeSetting(db, 'webhook_secret', secret);
      pump();
    },
    enqueue(event) {
      if (endpoint(db) === null) return;
      const nowMs = clock.nowMs();
      const row = { event_id: event.id, type: event.type, body: event.body, state: 'pending' };
      insert(db, 'webhook_delivery', { ...row, created_ms: nowMs, next_ms: nowMs });
    },
    wake: pump,
    releaseHeld() {
      release(db, clock.nowMs(), -1);
      pump();
    },
    summary() {
      const sql = 'select state, count(*) as n from webhook_delivery group by state';
      const counts = all<{ state: string; n: number }>(db, sql).map(({ state, n }) => [state, n]);
      return {
        url: endpoint(db)?.url ?? null,
        sending: active.size,
        ...Object.fromEntries(counts),
      };
    },
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      for (const { abort } of active.values()) abort.abort();
      await Promise.all([...active.values()].map(({ done }) => done));
    },
  };
}

async function attempt(parts: Parts, row: Row, signal: AbortSignal): Promise<void> {
  const { db, clock, wan, faults, log } = parts;
  if (wan.isCut()) return failed(parts, row, { error: 'the line is cut' });
  const fault = row.faulted === 1 ? null : faults.takeForWebhook(row.type);
  if (fault !== null) {
    log('fault.fired', { id: fault.id, kind: fault.kind, delivery: row.id, type: row.type });
    run(db, 'update webhook_delivery set faulted = 1 where id = ?', row.id);
  }
  if (fault?.kind === 'lost') return finish(parts, row, 'lost');
  if (fault?.kind === 'reorder') {
    run(db, `update webhook_delivery set state = 'held' where id = ?`, row.id);
    return;
  }
  if (fault?.kind === 'delay') {
    const nextMs = clock.nowMs() + (fault.delay_ms ?? 0);
    run(db, 'update webhook_delivery set next_ms = ? where id = ?', nextMs, row.id);
    return;
  }
  await send(parts, row, { signal, copies: fault?.kind === 'duplicate' ? 2 : 1 });
  release(db, clock.nowMs(), row.id);
}

async function send(parts: Parts, row: Row, how: { signal: AbortSignal; copies: number }) {
  const { db, clock, style, wan } = parts;
  const to = endpoint(db);
  if (to === null) return;
  try {
    let status = 0;
    for (let copy = 0; copy < how.copies; copy += 1) {
      const headers = style.headers(row.body, clock.nowMs(), to.secret);
      status = await postWebhook({ url: to.url, body: row.body, headers, signal: how.signal });
    }
    if (status >= 200 && status < 300) finish(parts, row, 'delivered', status);
    else failed(parts, row, { status });
  } catch (error) {
    const why = wan.isCut() ? 'the line is cut' : (error as Error).message;
    failed(parts, row, { error: why });
  }
}

function finish({ db, clock, log }: Parts, row: Row, state: string, status: number | null = null) {
  const sql = `update webhook_delivery set state = ?, attempts = attempts + 1, last_status = ?,
    finished_ms = ? where id = ?`;
  run(db, sql, state, status, clock.nowMs(), row.id);
  log(`webhook.${state}`, { id: row.id, type: row.type, status });
}

function failed(parts: Parts, row: Row, why: { status?: number; error?: string }): void {
  const { db, clock, style, log } = parts;
  const waitMs = style.retryDelaysMs[row.attempts];
  const state = waitMs === undefined ? 'abandoned' : 'pending';
  const nextMs = clock.nowMs() + (waitMs ?? 0);
  const sql = `update webhook_delivery set state = ?, attempts = attempts + 1, last_status = ?,
    last_error = ?, next_ms = ? where id = ?`;
  run(db, sql, state, why.status ?? null, why.error ?? null, nextMs, row.id);
  log('webhook.failed', { id: row.id, type: row.type, ...why, state });
}

/** A delivery held back to reorder goes out once another has gone before it. */
function release(db: Database, nowMs: number, exceptId: number): void {
  const sql = `update webhook_delivery set state = 'pending', next_ms = ? where state = 'held' and id <> ?`;
  run(db, sql, nowMs, exceptId);
}

function endpoint(db: Database): { url: string; secret: string } | null {
  const url = readSetting(db, 'webhook_url');
  const secret = readSetting(db, 'webhook_secret');
  return url === undefined || secret === undefined ? null : { url, secret };
}
