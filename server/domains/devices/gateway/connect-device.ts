// A device says hello: verified against its key, then admitted in one transaction that takes the lease
// (the newest connection wins) and settles where its two logs stand.

import { transaction, type Tx } from '../../../platform/database/database.ts';
import { toError } from '../../../shared/errors.ts';
import { tell } from '../../audit/index.ts';
import { type Device, deviceAfter, mayConnect } from '../device.ts';
import { type DevicesParts, TIMES } from '../parts.ts';
import {
  type DeviceCredential,
  findCredential,
  lockDevice,
  updateConnected,
} from '../store-devices.ts';
import { takeLease } from '../store-leases.ts';
import type { Hello } from './frames.ts';
import { CLOSE } from './protocol.ts';
import { Refusal } from './refusal.ts';
import { inputToSign, type SessionBinding, verifySignature } from './signature.ts';

export interface Admitted {
  orgId: string;
  device: Device;
  gen: number;
  eventEpoch: string;
  eventAcked: number;
  resume: 'ok' | 'reset';
}

export interface HelloAttempt {
  frame: Hello;
  raw: Readonly<Record<string, unknown>>;
  binding: SessionBinding;
}

/** Throws a Refusal. An unknown device, another key and a wrong signature are told the same. */
export async function connectDevice(parts: DevicesParts, attempt: HelloAttempt): Promise<Admitted> {
  const { frame } = attempt;
  const { databases } = parts.deps;
  const credential = await findCredential(databases.engine, frame.device);
  if (credential === null || !isProven(credential, attempt)) {
    if (credential !== null) await tellFailure(parts, credential);
    throw new Refusal(CLOSE.badSignature, 'the hello does not verify');
  }
  if (!mayConnect(credential.status)) throw new Refusal(CLOSE.barred, credential.status);
  const admitted = await transaction(databases.org(credential.orgId), (tx) =>
    admit(parts, tx, attempt),
  );
  if (admitted instanceof Refusal) throw admitted;
  return admitted;
}

function isProven(credential: DeviceCredential, { frame, raw, binding }: HelloAttempt): boolean {
  const key = {
    algorithm: credential.keyAlgorithm,
    raw: Buffer.from(credential.publicKey, 'base64url'),
  };
  const input = inputToSign('dgw-auth-1', binding, raw);
  return (
    input !== null && credential.keyId === frame.key_id && verifySignature(key, input, frame.sig)
  );
}

/** Refusals are returned, so that what was found out about the device is kept. */
async function admit(
  parts: DevicesParts,
  tx: Tx,
  { frame }: HelloAttempt,
): Promise<Admitted | Refusal> {
  const device = await lockDevice(tx, frame.device);
  const status = device === null ? null : deviceAfter('connect', device.status);
  // Suspended, revoked or claimed anew since the signature was checked.
  if (device === null || status === null || device.keyId !== frame.key_id)
    return new Refusal(CLOSE.barred, device?.status ?? 'unknown');
  const position = await settlePosition(parts, tx, { device, up: frame.up });
  if (position === null)
    return new Refusal(
      CLOSE.positionInvalid,
      `/up/next: expected more than ${device.eventAcked}, found ${frame.up.next}`,
    );
  const now = parts.deps.world.clock.now();
  const gen = await takeLease(tx, device.id, {
    replica: parts.settings.replica,
    now,
    expiresAt: now + TIMES.leaseMs,
  });
  await updateConnected(tx, device, {
    status,
    firmware: frame.fw ?? device.firmware,
    eventEpoch: frame.up.ep,
    eventAcked: position,
    commandApplied: device.commandApplied,
  });
  await tellDevice(parts, tx, {
    device,
    type: status === device.status ? 'device.connected' : 'device.activated',
    data: { gen, boot: frame.boot, firmware: frame.fw ?? null },
  });
  const follows = frame.down.ep === device.commandEpoch || device.commandApplied === 0;
  return {
    orgId: tx.org,
    device: { ...device, status },
    gen,
    eventEpoch: frame.up.ep,
    eventAcked: position,
    resume: follows ? 'ok' : 'reset',
  };
}

/** Up to where its events are durable; null when its log has gone backwards. */
async function settlePosition(
  parts: DevicesParts,
  tx: Tx,
  { device, up }: { device: Device; up: Hello['up'] },
): Promise<number | null> {
  const isNewEpoch = device.eventEpoch !== up.ep;
  const acked = isNewEpoch ? 0 : device.eventAcked;
  if (up.next <= acked) {
    await tellDevice(parts, tx, {
      device,
      type: 'device.log_regressed',
      data: { epoch: up.ep, acked, next: up.next },
    });
    return null;
  }
  if (isNewEpoch && device.eventEpoch !== null) {
    await tellDevice(parts, tx, {
      device,
      type: up.reset === undefined ? 'device.log_replaced_unexplained' : 'device.log_replaced',
      data: { from: device.eventEpoch, to: up.ep, reason: up.reset ?? null },
    });
  }
  if (up.oldest > acked + 1) {
    await tellDevice(parts, tx, {
      device,
      type: 'device.events_missing',
      data: { epoch: up.ep, from: acked + 1, to: up.oldest - 1 },
    });
  }
  return Math.max(acked, up.oldest - 1);
}

interface Told {
  device: Pick<Device, 'id' | 'nodeId'>;
  type: string;
  data: Record<string, unknown>;
}

export function tellDevice(
  { deps }: Pick<DevicesParts, 'deps'>,
  tx: Tx,
  { device, type, data }: Told,
): Promise<string> {
  return tell(deps, tx, {
    type,
    subject: { kind: 'device', id: device.id },
    nodeId: device.nodeId,
    actor: { kind: 'device', id: device.id },
    data,
  });
}

/** Anybody may fail to be a device: one event a minute says so, not one per attempt. */
const FAILURE_EVERY_MS = 60_000;
const FAILURES_REMEMBERED = 1_000;

async function tellFailure(parts: DevicesParts, { orgId, id }: DeviceCredential): Promise<void> {
  const now = parts.deps.world.monotonic();
  const { failuresTold } = parts;
  if (now - (failuresTold.get(id) ?? -FAILURE_EVERY_MS) < FAILURE_EVERY_MS) return;
  if (failuresTold.size >= FAILURES_REMEMBERED) failuresTold.clear();
  failuresTold.set(id, now);
  try {
    await transaction(parts.deps.databases.org(orgId), async (tx) => {
      const device = await lockDevice(tx, id);
      if (device !== null)
        await tellDevice(parts, tx, { device, type: 'device.authentication_failed', data: {} });
    });
  } catch (thrown) {
    parts.deps.log.warn({ err: toError(thrown), device_id: id }, 'a failed hello was not recorded');
  }
}
