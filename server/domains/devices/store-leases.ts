// SQL over leases: which replica holds a device's connection, as which generation, until when. A newer
// generation always wins; whoever writes or cleans up names the generation that it believes in.

import type { OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Instant } from '../../shared/world.ts';

export interface LeaseTimes {
  replica: string;
  now: Instant;
  expiresAt: Instant;
}

export interface HeldDevice {
  id: string;
  gen: number;
}

/** Returns the new generation. */
export async function takeLease(
  tx: Tx,
  deviceId: string,
  { replica, now, expiresAt }: LeaseTimes,
): Promise<number> {
  const rows = await tx.query<{ gen: number }>(
    `insert into device_lease (org_id, device_id, gen, replica, connected_at, seen_at, expires_at)
     values ($1, $2, 1, $3, $4, $4, $5)
     on conflict (org_id, device_id) do update set gen = device_lease.gen + 1,
       replica = excluded.replica, connected_at = excluded.connected_at,
       seen_at = excluded.seen_at, expires_at = excluded.expires_at
     returning gen`,
    [tx.org, deviceId, replica, now, expiresAt],
  );
  return rows[0]?.gen ?? 0;
}

/** Extends what is still held. Those that a newer connection took are left alone. */
export async function renewLeases(
  tx: Tx,
  held: readonly HeldDevice[],
  { now, expiresAt }: Omit<LeaseTimes, 'replica'>,
): Promise<void> {
  const rows = tx.dialect.rowsOf('$4', { id: 'text', held_gen: 'integer' }, 'r');
  await tx.execute(
    `update device_lease set seen_at = $2, expires_at = $3 from ${rows}
      where device_lease.org_id = $1 and device_lease.device_id = r.id
        and device_lease.gen = r.held_gen`,
    [tx.org, now, expiresAt, JSON.stringify(held.map(({ id, gen }) => ({ id, held_gen: gen })))],
  );
}

/** False when a newer connection has taken over: then there is nothing to clean up. */
export async function releaseLease(
  tx: Tx,
  { id, gen }: HeldDevice,
  now: Instant,
): Promise<boolean> {
  const touched = await tx.execute(
    `update device_lease set seen_at = $4, expires_at = $4
      where org_id = $1 and device_id = $2 and gen = $3`,
    [tx.org, id, gen, now],
  );
  return touched === 1;
}

/** What a replica must know of the devices it holds: pulled, because hints may be lost. */
export interface HeldState {
  id: string;
  status: string;
  keyId: string | null;
  gen: number;
  queued: number;
}

export async function readHeld(db: OrgQueryable, ids: readonly string[]): Promise<HeldState[]> {
  const rows = await db.query<{
    id: string;
    status: string;
    key_id: string | null;
    gen: number;
    queued: number;
  }>(
    `select d.id, d.status, d.key_id, l.gen,
       (select count(*) from device_command c
         where c.org_id = $1 and c.device_id = d.id and c.status = 'queued') as queued
       from device d join device_lease l on l.org_id = d.org_id and l.device_id = d.id
      where d.org_id = $1 and d.id in (${db.dialect.textsOf('$2')})`,
    [db.org, JSON.stringify(ids)],
  );
  return rows.map(({ key_id: keyId, ...row }) => ({ ...row, keyId }));
}
