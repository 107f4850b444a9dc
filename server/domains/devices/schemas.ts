// Shapes of requests and answers of the device routes.

import { z } from 'zod';
import { COMMAND_STATUSES } from './command.ts';
import { DEVICE_STATUSES } from './device.ts';

const id = z.string().max(40);
const at = z.iso.datetime();
const shortText = z.string().min(1).max(64);

export const Device = z
  .object({
    id: z.string(),
    node_id: z.string().meta({ description: 'Its own node in the tree.' }),
    name: z.string(),
    model: z.string().nullable(),
    serial: z.string().nullable(),
    firmware: z.string().nullable(),
    status: z.enum(DEVICE_STATUSES),
    key_id: z.string().nullable(),
    key_algorithm: z.enum(['Ed25519', 'P-256']).nullable(),
    connected: z.boolean().meta({ description: 'A replica holds its connection right now.' }),
    last_seen_at: at.nullable(),
    event_epoch: z.string().nullable(),
    event_acked: z.int().meta({ description: 'Everything up to here is durable.' }),
    created_at: at,
    version: z.int(),
  })
  .meta({ id: 'Device' });

export const NewDevice = z
  .object({
    node_id: id.meta({ description: 'The site or zone where it stands.' }),
    name: z.string().min(1).max(200),
    model: shortText.optional(),
    serial: shortText.optional(),
  })
  .meta({ id: 'NewDevice' });

export const DeviceFilter = z.object({ status: z.enum(DEVICE_STATUSES).optional() });
export const DeviceParams = z.object({ device_id: id });

export const ClaimCode = z
  .object({
    id: z.string(),
    device_id: z.string(),
    code: z.string().nullable().meta({
      secret: true,
      description: 'To be typed at the device. Shown once.',
    }),
    qr_text: z.string().nullable().meta({
      secret: true,
      description: 'The same with address and pin, for a QR code. Shown once.',
    }),
    attempts_max: z.int(),
    expires_at: at,
  })
  .meta({ id: 'ClaimCode' });

export const DeviceEvent = z
  .object({
    device_id: z.string(),
    epoch: z.string(),
    sequence: z.int(),
    id: z.string(),
    type: z.string(),
    status: z.enum(['accepted', 'quarantined']),
    occurred_at: at.nullable(),
    received_at: at,
    clock_quality: z.string().nullable(),
    body: z.unknown(),
  })
  .meta({ id: 'DeviceEvent' });

export const DeviceEventFilter = z.object({ type: z.string().max(64).optional() });

export const NewCommand = z
  .object({
    method: z.string().max(32).meta({ description: '`enrol`, `open_door` or `message`.' }),
    params: z.record(z.string(), z.unknown()).default({}),
    expires_in_ms: z.int().min(1_000).optional(),
  })
  .meta({ id: 'NewDeviceCommand' });

export const CommandParams = z.object({ device_id: id, command_id: id });

export const Command = z
  .object({
    id: z.string(),
    device_id: z.string(),
    method: z.string(),
    params: z.record(z.string(), z.unknown()),
    status: z.enum(COMMAND_STATUSES),
    result: z.unknown().meta({ description: 'What the device answered, without templates.' }),
    sent_count: z.int(),
    created_at: at,
    expires_at: at,
    finished_at: at.nullable(),
    version: z.int(),
  })
  .meta({ id: 'DeviceCommand' });
