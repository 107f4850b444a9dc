// The event list: 30 days of twin time, newest first. The appliance's way to catch up after an outage.

import {
  type EventRow,
  list,
  oldestEventMs,
  ok,
  presentEvent,
  readCreated,
  readPage,
} from './call.ts';
import { type Call, find, type StripeObject, type Work } from './call.ts';
import { one } from '../twin/database.ts';
import { badParam, missing } from './errors.ts';
import type { Parameters } from './parameters.ts';

const TYPES_MAX = 20;

export function listEvents(p: Parameters): Work {
  const type = p.text('type');
  const types = p.list('types');
  if (type !== undefined && types.length > 0) {
    throw badParam('types', 'You may pass either `type` or `types`, but not both.');
  }
  if (types.length > TYPES_MAX)
    throw badParam('types', `At most ${TYPES_MAX} types, found ${types.length}`);
  const filters = readCreated(p);
  const patterns = type === undefined ? types : [type];
  if (patterns.length > 0) {
    const sql = patterns.map(() => `type like ? escape '\\'`).join(' or ');
    filters.push({ sql, values: patterns.map(likePattern) });
  }
  const page = readPage(p);
  p.ignore('delivery_success');
  return (call) => {
    const kept = { sql: 'created_ms > ?', values: [oldestEventMs(call.nowMs)] };
    return list<EventRow>(call, {
      table: 'event',
      url: '/v1/events',
      page,
      filters: [...filters, kept],
      present: (row) => withPending(call, row),
    });
  };
}

export function readEvent(_p: Parameters, id: string): Work {
  return (call) => {
    const row = find<EventRow>(call, 'event', id);
    if (row.created_ms <= oldestEventMs(call.nowMs)) throw missing('event', id, 'id');
    return ok(withPending(call, row));
  };
}

function withPending(call: Call, row: EventRow): StripeObject {
  const sql = `select count(*) as n from webhook_delivery where event_id = ? and state in ('pending', 'held')`;
  const pending = one<{ n: number }>(call.db, sql, row.id)?.n ?? 0;
  return { ...presentEvent(row), pending_webhooks: pending };
}

/** `charge.*` stands for every event of charges. */
function likePattern(type: string): string {
  return type.replaceAll(/[\\%_]/g, String.raw`\$&`).replaceAll('*', '%');
}
