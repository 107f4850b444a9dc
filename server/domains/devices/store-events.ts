// SQL over the events that devices sent: appended once per (device, epoch, sequence), never changed.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';

export interface StoredEvent {
  deviceId: string;
  epoch: string;
  seq: number;
  id: string;
  type: string;
  occurredAt: Instant | null;
  clockQuality: string | null;
  /** `quarantined` events broke a rule; their body is what was sent, as it came. */
  status: 'accepted' | 'quarantined';
  /** JSON text. */
  body: string;
}

/** What arrived twice is there once. */
export async function insertEvents(
  tx: Tx,
  events: readonly StoredEvent[],
  receivedAt: Instant,
): Promise<void> {
  const rows = tx.dialect.rowsOf(
    '$3',
    {
      device: 'text',
      epoch: 'text',
      seq: 'integer',
      id: 'text',
      type: 'text',
      at: 'integer',
      clock: 'text',
      status: 'text',
      body: 'text',
    },
    'r',
  );
  await tx.execute(
    `insert into device_event (org_id, device_id, epoch, seq, id, type, occurred_at, received_at,
       clock_quality, status, body)
     select $1, r.device, r.epoch, r.seq, r.id, r.type, r.at, cast($2 as bigint), r.clock, r.status,
       r.body
       from ${rows} where true
     on conflict (org_id, device_id, epoch, seq) do nothing`,
    [tx.org, receivedAt, JSON.stringify(events.map(toRow))],
  );
}

export interface Acknowledged {
  deviceId: string;
  epoch: string;
  upTo: number;
}

/** Moves the marks forward, never back, and only in the epoch that the device is in. */
export async function updateAcked(tx: Tx, marks: readonly Acknowledged[]): Promise<void> {
  const rows = tx.dialect.rowsOf('$2', { id: 'text', epoch: 'text', up_to: 'integer' }, 'r');
  const values = marks
    .map(({ deviceId, epoch, upTo }) => ({ id: deviceId, epoch, up_to: upTo }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
  await tx.execute(
    `update device set event_acked = r.up_to from ${rows}
      where device.org_id = $1 and device.id = r.id and device.event_epoch = r.epoch
        and device.event_acked < r.up_to`,
    [tx.org, JSON.stringify(values)],
  );
}

export interface ListedEvent extends StoredEvent {
  receivedAt: Instant;
}

/** Where a page ended: `<received at>.<epoch>.<sequence>`. */
export function cursorOfEvent({ receivedAt, epoch, seq }: ListedEvent): string {
  return `${receivedAt}.${epoch}.${seq}`;
}

export async function listDeviceEvents(
  db: OrgQueryable,
  { deviceId, type }: { deviceId: string; type: string | null },
  page: PageRequest,
): Promise<Page<ListedEvent>> {
  const [at = '0', epoch = '', seq = '0'] = page.after?.split('.') ?? [];
  const rows = await db.query<EventRow>(
    `select device_id, epoch, seq, id, type, occurred_at, received_at, clock_quality, status, body
       from device_event
      where org_id = $1 and device_id = $2 and ($3 = '' or type = $3)
        and (received_at > $4 or (received_at = $4 and (epoch > $5 or (epoch = $5 and seq > $6))))
      order by received_at, epoch, seq limit $7`,
    [db.org, deviceId, type ?? '', Number(at), epoch, Number(seq), page.limit + 1],
  );
  return toPage(rows.map(toListed), page.limit);
}

function toRow(event: StoredEvent): object {
  return {
    device: event.deviceId,
    epoch: event.epoch,
    seq: event.seq,
    id: event.id,
    type: event.type,
    at: event.occurredAt,
    clock: event.clockQuality,
    status: event.status,
    body: event.body,
  };
}

interface EventRow extends Record<string, unknown> {
  device_id: string;
  epoch: string;
  seq: number;
  id: string;
  type: string;
  occurred_at: number | null;
  received_at: number;
  clock_quality: string | null;
  status: StoredEvent['status'];
  body: string;
}

function toListed(row: EventRow): ListedEvent {
  return {
    deviceId: row.device_id,
    epoch: row.epoch,
    seq: row.seq,
    id: row.id,
    type: row.type,
    occurredAt: row.occurred_at,
    receivedAt: row.received_at,
    clockQuality: row.clock_quality,
    status: row.status,
    body: row.body,
  };
}
