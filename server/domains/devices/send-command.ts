// Puts a command into a device's durable log. It is carried to the device by whichever replica holds it,
// now or when it connects; nothing here waits for that.

import { transaction, type OrgDatabase } from '../../platform/database/database.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import { type Actor, tell } from '../audit/index.ts';
import { type Command, requireMethod } from './command.ts';
import type { DevicesParts } from './parts.ts';
import { insertCommand } from './store-commands.ts';
import { lockDevice, updateCommandNext } from './store-devices.ts';

export interface NewCommand {
  deviceId: string;
  method: string;
  params: Record<string, unknown>;
  /** Null: the method's own. */
  lifeMs: number | null;
  actor: Actor;
  traceId: string | null;
}

export function sendCommand(
  parts: DevicesParts,
  db: OrgDatabase,
  wanted: NewCommand,
): Promise<Command> {
  const { deps } = parts;
  const { deviceId, method, params, actor, traceId } = wanted;
  const lifeMs = requireLife(wanted);
  return transaction(db, async (tx) => {
    const device = await lockDevice(tx, deviceId);
    if (device === null) throw notFound('device', deviceId);
    if (device.status === 'revoked') {
      throw new AppError('conflict', `Expected a device in service; ${deviceId} is revoked.`);
    }
    const now = deps.world.clock.now();
    const command: Command = {
      id: deps.ids.make('command'),
      deviceId,
      epoch: device.commandEpoch,
      seq: device.commandNext,
      method,
      params,
      status: 'queued',
      result: null,
      sentCount: 0,
      expiresAt: now + lifeMs,
      createdAt: now,
      finishedAt: null,
      version: 1,
    };
    await insertCommand(tx, command);
    await updateCommandNext(tx, deviceId, device.commandNext + 1);
    await tell(deps, tx, {
      type: 'device_command.queued',
      subject: { kind: 'device_command', id: command.id },
      nodeId: device.nodeId,
      actor,
      data: { device_id: deviceId, method },
      traceId,
    });
    tx.afterCommit(() => parts.hint(deviceId));
    return command;
  });
}

function requireLife({ method, params, lifeMs }: NewCommand): number {
  const { lifeMs: allowed } = requireMethod(method, params);
  if (lifeMs === null) return allowed.byDefault;
  if (lifeMs <= allowed.max) return lifeMs;
  const detail = `Expected at most ${allowed.max} for ${method}, found ${lifeMs}.`;
  const fields = [{ pointer: '/expires_in_ms', code: 'too_big', detail }];
  throw new AppError('validation_failed', detail, { fields });
}
