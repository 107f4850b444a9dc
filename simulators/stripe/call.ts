// What one request works with, and how every change tells of itself: an event row and its webhook,
// written in the transaction of the change.

import { all, type Database, insert, one } from '../twin/database.ts';
import { randomId } from '../twin/ids.ts';
import type { Webhooks } from '../twin/webhooks.ts';
import { badParam, missing } from './errors.ts';
import type { Parameters } from './parameters.ts';

export const API_VERSION = '2026-10-28.endive';
export const DAY_MS = 86_400_000;
const EVENTS_KEPT_MS = 30 * DAY_MS;

export type Call = {
  db: Database;
  nowMs: number;
  baseUrl: string;
  webhooks: Webhooks;
  /** Null for what happens on a hosted page or by the passing of time. */
  requestId: string | null;
  idempotencyKey: string | null;
};

export type StripeObject = Record<string, unknown>;
export type Answer = { status: number; body: StripeObject };
/** Parsing has happened; what is left is the work, inside one transaction. */
export type Work = (call: Call) => Answer;

export const ok = (body: StripeObject): Answer => ({ status: 200, body });
export const seconds = (ms: number): number => Math.floor(ms / 1000);
export const secondsOrNull = (ms: number | null): number | null =>
  ms === null ? null : seconds(ms);

export function tell(call: Call, type: string, object: StripeObject): void {
  const id = randomId('evt_1');
  const row = {
    id,
    created_ms: call.nowMs,
    type,
    object_id: String(object['id']),
    object: JSON.stringify(object),
    request_id: call.requestId,
    idempotency_key: call.idempotencyKey,
  };
  insert(call.db, 'event', row);
  const body = JSON.stringify({ ...presentEvent(row), pending_webhooks: 1 }, null, 2);
  call.webhooks.enqueue({ id, type, body });
}

export type EventRow = {
  id: string;
  created_ms: number;
  type: string;
  object: string;
  request_id: string | null;
  idempotency_key: string | null;
};

export function presentEvent(row: EventRow): StripeObject {
  return {
    id: row.id,
    object: 'event',
    api_version: API_VERSION,
    created: seconds(row.created_ms),
    data: { object: JSON.parse(row.object) as unknown },
    livemode: false,
    pending_webhooks: 0,
    request: { id: row.request_id, idempotency_key: row.idempotency_key },
    type: row.type,
  };
}

export const oldestEventMs = (nowMs: number): number => nowMs - EVENTS_KEPT_MS;

/** The row of this id, or Stripe's `resource_missing` naming the parameter that held the id. */
export function find<Row>(call: Call, table: string, id: string, param = 'id'): Row {
  const row = one<Row>(call.db, `select * from ${table} where id = ?`, id);
  if (row === undefined) throw missing(table, id, param);
  return row;
}

export type Page = { limit: number; after: string | undefined; before: string | undefined };

export function readPage(p: Parameters): Page {
  const limit = p.integer('limit', 1) ?? 10;
  if (limit > 100) throw badParam('limit', `Invalid limit: must be at most 100, found ${limit}`);
  const after = p.text('starting_after');
  const before = p.text('ending_before');
  if (after !== undefined && before !== undefined) {
    throw badParam(
      'ending_before',
      'You cannot parameterize both starting_after and ending_before.',
    );
  }
  return { limit, after, before };
}

export type Filter = { sql: string; values: (string | number)[] };

/** `created=…` or `created[gt|gte|lt|lte]=…`, in seconds, against a column in milliseconds. */
export function readCreated(p: Parameters): Filter[] {
  const whole = p.echo('created');
  if (whole === undefined) return [];
  if (typeof whole === 'string') {
    const at = p.integer('created') ?? 0;
    return [{ sql: 'created_ms >= ? and created_ms < ?', values: [at * 1000, (at + 1) * 1000] }];
  }
  const range = p.group('created');
  const filters: Filter[] = [];
  const bound = (name: string, sql: string, extra: number) => {
    const at = range?.integer(name);
    if (at !== undefined) filters.push({ sql, values: [(at + extra) * 1000] });
  };
  // Stripe sees whole seconds: later than second 5 means from second 6 on.
  bound('gt', 'created_ms >= ?', 1);
  bound('gte', 'created_ms >= ?', 0);
  bound('lt', 'created_ms < ?', 0);
  bound('lte', 'created_ms < ?', 1);
  return filters;
}

type Listing<Row> = {
  table: string;
  url: string;
  page: Page;
  filters: Filter[];
  present(row: Row): StripeObject;
};

/** Newest first; `ending_before` reads the page just newer than its object. */
export function list<Row>(
  call: Call,
  { table, url, page, filters, present }: Listing<Row>,
): Answer {
  const where = [...filters];
  const seqOf = (id: string, param: string) => find<{ seq: number }>(call, table, id, param).seq;
  if (page.after !== undefined) {
    where.push({ sql: 'seq < ?', values: [seqOf(page.after, 'starting_after')] });
  }
  if (page.before !== undefined) {
    where.push({ sql: 'seq > ?', values: [seqOf(page.before, 'ending_before')] });
  }
  const clause =
    where.length === 0 ? '' : `where ${where.map(({ sql }) => `(${sql})`).join(' and ')}`;
  const order = page.before === undefined ? 'desc' : 'asc';
  const sql = `select * from ${table} ${clause} order by seq ${order} limit ${page.limit + 1}`;
  const rows = all<Row>(call.db, sql, ...where.flatMap(({ values }) => values));
  const shown = rows.slice(0, page.limit);
  if (page.before !== undefined) shown.reverse();
  const data = shown.map((row) => present(row));
  return ok({ object: 'list', data, has_more: rows.length > page.limit, url });
}
