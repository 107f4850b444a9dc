// SQL over durable commands: their order per device, what was sent, and what came back.

import type { EngineDatabase, OrgQueryable, Tx } from '../../platform/database/database.ts';
import type { Instant } from '../../shared/world.ts';
import { type Command, type CommandStatus, sourcesOf } from './command.ts';

const COLUMNS = `c.id, c.device_id, c.epoch, c.seq, c.method, c.params, c.status, c.result,
  c.sent_count, c.expires_at, c.created_at, c.finished_at, c.version`;

export async function insertCommand(tx: Tx, command: Command): Promise<void> {
  await tx.execute(
    `insert into device_command (org_id, id, device_id, epoch, seq, method, params, status, result,
       sent_count, expires_at, created_at, finished_at, version)
     values ($1, $2, $3, $4, $5, $6, $7, $8, null, 0, $9, $10, null, $11)`,
    [
      tx.org,
      command.id,
      command.deviceId,
      command.epoch,
      command.seq,
      command.method,
      JSON.stringify(command.params),
      command.status,
      command.expiresAt,
      command.createdAt,
      command.version,
    ],
  );
}

export async function findCommand(
  db: OrgQueryable,
  deviceId: string,
  id: string,
): Promise<Command | null> {
  const rows = await db.query<CommandRow>(
    `select ${COLUMNS} from device_command c
      where c.org_id = $1 and c.device_id = $2 and c.id = $3`,
    [db.org, deviceId, id],
  );
  return rows[0] === undefined ? null : toCommand(rows[0]);
}

export async function lockCommand(tx: Tx, deviceId: string, id: string): Promise<Command | null> {
  const rows = await tx.query<CommandRow>(
    `select ${COLUMNS} from device_command c
      where c.org_id = $1 and c.device_id = $2 and c.id = $3 ${tx.dialect.forUpdate}`,
    [tx.org, deviceId, id],
  );
  return rows[0] === undefined ? null : toCommand(rows[0]);
}

/** What is not settled, in the order of the log. */
export async function listOpenCommands(
  db: OrgQueryable,
  deviceId: string,
  limit: number,
): Promise<Command[]> {
  const rows = await db.query<CommandRow>(
    `select ${COLUMNS} from device_command c
      where c.org_id = $1 and c.device_id = $2
        and c.status in ('queued', 'sent', 'received', 'running')
      order by c.seq limit $3`,
    [db.org, deviceId, limit],
  );
  return rows.map(toCommand);
}

/**
 * Notes that it is about to be sent: once, or again where the method allows that. Null when it may not
 * (any more), or when a newer connection holds the device.
 */
export async function updateSent(
  tx: Tx,
  { id, deviceId }: Command,
  { gen, sentAgain, now }: { gen: number; sentAgain: boolean; now: Instant },
): Promise<Command | null> {
  const rows = await tx.query<CommandRow>(
    `update device_command as c
        set status = case when c.status = 'queued' then 'sent' else c.status end,
            sent_count = c.sent_count + 1, version = c.version + 1
      where c.org_id = $1 and c.id = $2 and c.expires_at > $3
        and c.status in (${tx.dialect.textsOf('$4')}) and (c.sent_count = 0 or $5 = 1)
        and exists (select 1 from device_lease l
                     where l.org_id = $1 and l.device_id = $6 and l.gen = $7)
      returning id, device_id, epoch, seq, method, params, status, result, sent_count, expires_at,
        created_at, finished_at, version`,
    [tx.org, id, now, JSON.stringify(sourcesOf('send')), sentAgain ? 1 : 0, deviceId, gen],
  );
  return rows[0] === undefined ? null : toCommand(rows[0]);
}

export interface CommandChange {
  status: CommandStatus;
  result?: unknown;
  finishedAt?: Instant | null;
}

/** The row is locked by the caller. */
export async function updateCommand(
  tx: Tx,
  command: Command,
  change: CommandChange,
): Promise<Command> {
  const result = change.result === undefined ? command.result : change.result;
  const finishedAt = change.finishedAt === undefined ? command.finishedAt : change.finishedAt;
  await tx.execute(
    `update device_command set status = $3, result = $4, finished_at = $5, version = version + 1
      where org_id = $1 and id = $2`,
    [
      tx.org,
      command.id,
      change.status,
      result === null ? null : JSON.stringify(result),
      finishedAt,
    ],
  );
  return { ...command, status: change.status, result, finishedAt, version: command.version + 1 };
}

/** Across organizations: whose time is over. */
export async function listOverdue(
  db: EngineDatabase,
  now: Instant,
  limit: number,
): Promise<{ orgId: string; deviceId: string; id: string }[]> {
  const rows = await db.query<{ org_id: string; device_id: string; id: string }>(
    `select org_id, device_id, id from device_command
      where status in ('queued', 'sent', 'received', 'running') and expires_at <= $1
      order by expires_at limit $2`,
    [now, limit],
  );
  return rows.map((row) => ({ orgId: row.org_id, deviceId: row.device_id, id: row.id }));
}

interface CommandRow extends Record<string, unknown> {
  id: string;
  device_id: string;
  epoch: string;
  seq: number;
  method: string;
  params: string;
  status: CommandStatus;
  result: string | null;
  sent_count: number;
  expires_at: number;
  created_at: number;
  finished_at: number | null;
  version: number;
}

function toCommand(row: CommandRow): Command {
  return {
    id: row.id,
    deviceId: row.device_id,
    epoch: row.epoch,
    seq: row.seq,
    method: row.method,
    params: JSON.parse(row.params) as Record<string, unknown>,
    status: row.status,
    result: row.result === null ? null : JSON.parse(row.result),
    sentCount: row.sent_count,
    expiresAt: row.expires_at,
    createdAt: row.created_at,
    finishedAt: row.finished_at,
    version: row.version,
  };
}
