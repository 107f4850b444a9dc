// Nouns of devices → JSON.

import { toRfc3339, toRfc3339OrNull } from '../../shared/instant.ts';
import type { Instant } from '../../shared/world.ts';
import { CLAIM_LIMITS } from './claim.ts';
import type { Command } from './command.ts';
import type { Device } from './device.ts';
import type { IssuedClaim } from './issue-claim.ts';
import type { PresentDevice } from './store-devices.ts';
import type { ListedEvent } from './store-events.ts';

export function presentDevice(device: Device | PresentDevice, now: Instant): object {
  const leaseExpiresAt = 'leaseExpiresAt' in device ? device.leaseExpiresAt : null;
  return {
    id: device.id,
    node_id: device.nodeId,
    name: device.name,
    model: device.model,
    serial: device.serial,
    firmware: device.firmware,
    status: device.status,
    key_id: device.keyId,
    key_algorithm: device.keyAlgorithm,
    connected: leaseExpiresAt !== null && leaseExpiresAt > now,
    last_seen_at: toRfc3339OrNull('seenAt' in device ? device.seenAt : null),
    event_epoch: device.eventEpoch,
    event_acked: device.eventAcked,
    created_at: toRfc3339(device.createdAt),
    version: device.version,
  };
}

export function presentClaim({ claim, code, qrText }: IssuedClaim): object {
  return {
    id: claim.id,
    device_id: claim.deviceId,
    code,
    qr_text: qrText,
    attempts_max: CLAIM_LIMITS.attemptsMax,
    expires_at: toRfc3339(claim.expiresAt),
  };
}

export function presentDeviceEvent(event: ListedEvent): object {
  return {
    device_id: event.deviceId,
    epoch: event.epoch,
    sequence: event.seq,
    id: event.id,
    type: event.type,
    status: event.status,
    occurred_at: toRfc3339OrNull(event.occurredAt),
    received_at: toRfc3339(event.receivedAt),
    clock_quality: event.clockQuality,
    body: JSON.parse(event.body) as unknown,
  };
}

export function presentCommand(command: Command): object {
  return {
    id: command.id,
    device_id: command.deviceId,
    method: command.method,
    params: command.params,
    status: command.status,
    result: command.result,
    sent_count: command.sentCount,
    created_at: toRfc3339(command.createdAt),
    expires_at: toRfc3339(command.expiresAt),
    finished_at: toRfc3339OrNull(command.finishedAt),
    version: command.version,
  };
}
