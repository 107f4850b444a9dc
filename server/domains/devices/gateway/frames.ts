// The frames that a device sends, as schemas. Unknown keys are ignored (§2); what they know is checked.

import { z } from 'zod';
import { fieldProblems } from '../../../platform/http/field-problems.ts';
import { LIMITS } from './protocol.ts';

const token = (max: number): z.ZodString =>
  z.string().regex(new RegExp(`^[A-Za-z0-9_-]{1,${max}}$`));
const epoch = z.string().regex(/^[0-9a-f]{16}$/);
const sequence = z.int().min(1);
const shortText = z.string().max(64);
const bytes = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9_-]+$/)
  .transform((text) => Buffer.from(text, 'base64url'));

export const Claim = z.object({
  t: z.literal('claim'),
  lookup: z.string().length(4),
  alg: z.enum(['Ed25519', 'P-256']),
  key: bytes,
  model: shortText.optional(),
  serial: shortText.optional(),
  fw: shortText.optional(),
  mac: bytes,
  sig: bytes,
});
export type Claim = z.infer<typeof Claim>;

export const Hello = z.object({
  t: z.literal('hello'),
  device: token(40),
  key_id: z.string().regex(/^[0-9a-f]{32}$/),
  boot: token(64),
  fw: shortText.optional(),
  model: shortText.optional(),
  caps: z.array(token(32)).max(32).optional(),
  up: z
    .object({
      ep: epoch,
      oldest: sequence,
      next: sequence,
      reset: z.enum(['factory_reset', 'store_lost', 'regressed']).optional(),
    })
    .refine((up) => up.oldest <= up.next, 'oldest is not after next'),
  down: z.object({ ep: z.union([z.literal(''), epoch]), applied: z.int().min(0) }),
  clock: z.object({
    ts: z.int(),
    src: z.enum(['ntp', 'gateway', 'rtc', 'unset']),
    err_ms: z.int().min(0),
  }),
  sig: bytes,
});
export type Hello = z.infer<typeof Hello>;

/** The events inside are checked one by one: a bad one is quarantined, not the frame refused. */
export const EventBatch = z.object({
  ep: epoch,
  s: sequence,
  e: z.array(z.unknown()).min(1).max(LIMITS.eventsPerFrame),
});

export const DeviceEvent = z.object({
  id: token(64),
  ty: z
    .string()
    .max(64)
    .regex(/^[a-z0-9_]+(\.[a-z0-9_]+)*$/, 'expected noun.happened'),
  ts: z.int().nullable(),
  up: z.int().min(0),
  cq: z.enum(['synced', 'holdover', 'unset']),
  p: z.record(z.string(), z.unknown()),
});
export type DeviceEvent = z.infer<typeof DeviceEvent>;

export const Ask = z.object({
  id: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/),
  kind: token(32),
  deadline_ms: z.int().min(LIMITS.deadlineMsMin).max(60_000),
  p: z.record(z.string(), z.unknown()),
});
export type Ask = z.infer<typeof Ask>;

const commandId = token(40);
export const Receipt = z.object({ id: commandId });
export const Progress = z.object({ id: commandId, p: z.unknown() });
export const Result = z.object({ id: commandId, r: z.record(z.string(), z.unknown()) });

export const ERROR_CODES = [
  'NotImplemented',
  'NotSupported',
  'InternalError',
  'FormatViolation',
  'GenericError',
  'Busy',
  'Expired',
  'Denied',
  'Unsafe',
  'Cancelled',
  'PoorQuality',
] as const;
export const Failure = z.object({
  id: commandId,
  code: z.enum(ERROR_CODES),
  detail: z.string().max(500).optional(),
});

export const Heartbeat = z.object({ ts: z.int(), queued: z.int().min(0).optional() });

/** `/field: Expected …, found ….`, for a close reason or a quarantine; no frame carries a secret. */
export function explain(error: z.ZodError, input: unknown): string {
  const [problem] = fieldProblems(error.issues, { prefix: '', secrets: [], input });
  return `${problem?.pointer || 'the frame'}: ${problem?.detail ?? 'not acceptable'}`;
}
