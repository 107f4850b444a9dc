// Suspends, resumes and revokes a device. Its connection ends within a second, on whichever replica it is.
// Doing it again changes nothing and tells nothing.

import { transaction, type OrgDatabase } from '../../platform/database/database.ts';
import { AppError, notFound } from '../../shared/errors.ts';
import { type Actor, tell } from '../audit/index.ts';
import { type Device, deviceAfter } from './device.ts';
import type { DevicesParts } from './parts.ts';
import { voidClaims } from './store-claims.ts';
import { lockDevice, updateStatus } from './store-devices.ts';

export interface StatusChange {
  deviceId: string;
  move: 'suspend' | 'resume' | 'revoke';
  actor: Actor;
  traceId: string | null;
}

const EVENTS = {
  suspend: 'device.suspended',
  resume: 'device.resumed',
  revoke: 'device.revoked',
} as const;

export function changeStatus(
  parts: DevicesParts,
  db: OrgDatabase,
  { deviceId, move, actor, traceId }: StatusChange,
): Promise<Device> {
  return transaction(db, async (tx) => {
    const device = await lockDevice(tx, deviceId);
    if (device === null) throw notFound('device', deviceId);
    const status = deviceAfter(move, device.status);
    if (status === null) {
      throw new AppError(
        'conflict',
        `A device that is ${device.status} cannot be told to ${move}; ${deviceId} is.`,
      );
    }
    if (status === device.status) return device;
    await updateStatus(tx, deviceId, status);
    if (move === 'revoke') await voidClaims(tx, deviceId);
    await tell(parts.deps, tx, {
      type: EVENTS[move],
      subject: { kind: 'device', id: deviceId },
      nodeId: device.nodeId,
      actor,
      data: { from: device.status, to: status },
      traceId,
    });
    tx.afterCommit(() => parts.hint(deviceId));
    return { ...device, status, version: device.version + 1 };
  });
}
