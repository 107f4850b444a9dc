// SQL over devices and their leases. The look-up by id crosses organizations (a hello names no
// organization) and runs as the engine; everything else belongs to one organization.

import type { EngineDatabase, OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Scope } from '../../platform/http/route.ts';
import { type Page, type PageRequest, toPage } from '../../shared/page.ts';
import type { Instant } from '../../shared/world.ts';
import { nodeScope } from '../access/index.ts';
import type { Device, DeviceStatus, KeyAlgorithm } from './device.ts';

/** What a hello is verified against, read at every connect. */
export interface DeviceCredential {
  orgId: string;
  id: string;
  status: DeviceStatus;
  keyId: string;
  keyAlgorithm: KeyAlgorithm;
  publicKey: string;
}

/** A device with what its lease says of its presence. */
export interface PresentDevice extends Device {
  seenAt: Instant | null;
  leaseExpiresAt: Instant | null;
}

const COLUMNS = `d.id, d.node_id, d.name, d.model, d.serial, d.firmware, d.status, d.key_id,
  d.key_algorithm, d.public_key, d.event_epoch, d.event_acked, d.command_epoch, d.command_next,
  d.command_applied, d.created_at, d.version`;

export async function findCredential(
  db: EngineDatabase,
  id: string,
): Promise<DeviceCredential | null> {
  const rows = await db.query<Record<string, string | null>>(
    `select org_id, id, status, key_id, key_algorithm, public_key from device where id = $1`,
    [id],
  );
  const row = rows[0];
  if (row === undefined || row['public_key'] === null) return null;
  return {
    orgId: row['org_id'],
    id: row['id'],
    status: row['status'],
    keyId: row['key_id'],
    keyAlgorithm: row['key_algorithm'],
    publicKey: row['public_key'],
  } as DeviceCredential;
}

export async function insertDevice(tx: Tx, device: Device): Promise<void> {
  await tx.execute(
    `insert into device (org_id, id, node_id, name, model, serial, firmware, status, key_id,
       key_algorithm, public_key, event_epoch, event_acked, command_epoch, command_next,
       command_applied, created_at, version)
     values ($1, $2, $3, $4, $5, $6, null, $7, null, null, null, null, 0, $8, $9, 0, $10, $11)`,
    [
      tx.org,
      device.id,
      device.nodeId,
      device.name,
      device.model,
      device.serial,
      device.status,
      device.commandEpoch,
      device.commandNext,
      device.createdAt,
      device.version,
    ],
  );
}

export async function findDevice(db: OrgQueryable, id: string): Promise<PresentDevice | null> {
  const rows = await db.query<DeviceRow>(
    `select ${COLUMNS}, l.seen_at, l.expires_at as lease_expires_at
       from device d left join device_lease l on l.org_id = d.org_id and l.device_id = d.id
      where d.org_id = $1 and d.id = $2`,
    [db.org, id],
  );
  return rows[0] === undefined ? null : toDevice(rows[0]);
}

/** Holds the row until the transaction ends: claims, connects and new commands of one device queue up. */
export async function lockDevice(tx: Tx, id: string): Promise<Device | null> {
  const rows = await tx.query<DeviceRow>(
    `select ${COLUMNS} from device d where d.org_id = $1 and d.id = $2 ${tx.dialect.forUpdate}`,
    [tx.org, id],
  );
  return rows[0] === undefined ? null : toDevice(rows[0]);
}

export async function listDevices(
  db: OrgQueryable,
  filter: { scope: Scope; status: string | null },
  page: PageRequest,
): Promise<Page<PresentDevice>> {
  const rows = await db.query<DeviceRow>(
    `select ${COLUMNS}, l.seen_at, l.expires_at as lease_expires_at
       from device d left join device_lease l on l.org_id = d.org_id and l.device_id = d.id
      where d.org_id = $1 and d.id > $4 and ${nodeScope(db.dialect, 'd.node_id', '$2', '$3')}
        and ($5 = '' or d.status = $5)
      order by d.id limit $6`,
    [
      db.org,
      filter.scope.allow,
      filter.scope.deny,
      page.after ?? '',
      filter.status ?? '',
      page.limit + 1,
    ],
  );
  return toPage(rows.map(toDevice), page.limit);
}

export async function updateStatus(tx: Tx, id: string, status: DeviceStatus): Promise<void> {
  await tx.execute(
    `update device set status = $3, version = version + 1 where org_id = $1 and id = $2`,
    [tx.org, id, status],
  );
}

export interface ClaimedKey {
  keyId: string;
  keyAlgorithm: KeyAlgorithm;
  publicKey: string;
  model: string | null;
  serial: string | null;
  firmware: string | null;
}

export async function updateClaimed(
  tx: Tx,
  id: string,
  claimed: ClaimedKey & { status: DeviceStatus },
): Promise<void> {
  await tx.execute(
    `update device set key_id = $3, key_algorithm = $4, public_key = $5, status = $6,
       model = coalesce($7, model), serial = coalesce($8, serial),
       firmware = coalesce($9, firmware), version = version + 1
      where org_id = $1 and id = $2`,
    [
      tx.org,
      id,
      claimed.keyId,
      claimed.keyAlgorithm,
      claimed.publicKey,
      claimed.status,
      claimed.model,
      claimed.serial,
      claimed.firmware,
    ],
  );
}

export interface ConnectedDevice {
  status: DeviceStatus;
  firmware: string | null;
  eventEpoch: string;
  eventAcked: number;
  commandApplied: number;
}

export async function updateConnected(tx: Tx, device: Device, now: ConnectedDevice): Promise<void> {
  const changed = now.status !== device.status || now.firmware !== device.firmware;
  await tx.execute(
    `update device set status = $3, firmware = $4, event_epoch = $5, event_acked = $6,
       command_applied = $7, version = version + $8 where org_id = $1 and id = $2`,
    [
      tx.org,
      device.id,
      now.status,
      now.firmware,
      now.eventEpoch,
      now.eventAcked,
      now.commandApplied,
      changed ? 1 : 0,
    ],
  );
}

/** Takes the next offset of the device's command log. The row is locked by the caller. */
export async function updateCommandNext(tx: Tx, id: string, next: number): Promise<void> {
  await tx.execute(`update device set command_next = $3 where org_id = $1 and id = $2`, [
    tx.org,
    id,
    next,
  ]);
}

export async function updateCommandApplied(tx: Tx, id: string, seq: number): Promise<void> {
  await tx.execute(
    `update device set command_applied = $3 where org_id = $1 and id = $2 and command_applied < $3`,
    [tx.org, id, seq],
  );
}

type DeviceRow = Record<string, string | number | null>;

function toDevice(row: DeviceRow): PresentDevice {
  return {
    id: row['id'],
    nodeId: row['node_id'],
    name: row['name'],
    model: row['model'],
    serial: row['serial'],
    firmware: row['firmware'],
    status: row['status'],
    keyId: row['key_id'],
    keyAlgorithm: row['key_algorithm'],
    publicKey: row['public_key'],
    eventEpoch: row['event_epoch'],
    eventAcked: row['event_acked'],
    commandEpoch: row['command_epoch'],
    commandNext: row['command_next'],
    commandApplied: row['command_applied'],
    createdAt: row['created_at'],
    version: row['version'],
    seenAt: row['seen_at'] ?? null,
    leaseExpiresAt: row['lease_expires_at'] ?? null,
  } as PresentDevice;
}
