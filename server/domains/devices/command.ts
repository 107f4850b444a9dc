// The noun: a command to a device, its states, what moves it, and what each method allows. Pure.

import { z, type ZodType } from 'zod';
import { AppError } from '../../shared/errors.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from '../../shared/instant.ts';
import type { Instant } from '../../shared/world.ts';

export const COMMAND_STATUSES = [
  'queued',
  'sent',
  'received',
  'running',
  'succeeded',
  'failed',
  'expired',
  'cancelled',
  'unknown',
] as const;
export type CommandStatus = (typeof COMMAND_STATUSES)[number];

export interface Command {
  id: string;
  deviceId: string;
  epoch: string;
  seq: number;
  method: string;
  params: Record<string, unknown>;
  status: CommandStatus;
  result: unknown;
  sentCount: number;
  expiresAt: Instant;
  createdAt: Instant;
  finishedAt: Instant | null;
  version: number;
}

export type CommandMove = 'send' | 'rcv' | 'prg' | 'res' | 'err' | 'expire' | 'cancel';

/** What may still change, and by whom. Only frames of the device lead beyond `sent`. */
const MOVES: Readonly<Record<CommandMove, Partial<Record<CommandStatus, CommandStatus>>>> = {
  send: { queued: 'sent', sent: 'sent', received: 'received', running: 'running' },
  rcv: { sent: 'received', received: 'received', running: 'running' },
  prg: { sent: 'running', received: 'running', running: 'running' },
  res: { sent: 'succeeded', received: 'succeeded', running: 'succeeded', unknown: 'succeeded' },
  err: { sent: 'failed', received: 'failed', running: 'failed', unknown: 'failed' },
  // No result in time is not a failure: it may have been done.
  expire: { queued: 'expired', sent: 'unknown', received: 'unknown', running: 'unknown' },
  cancel: { queued: 'cancelled' },
};

export function commandAfter(move: CommandMove, from: CommandStatus): CommandStatus | null {
  return MOVES[move][from] ?? null;
}

/** States from which the move is allowed, for the `where` of an update. */
export function sourcesOf(move: CommandMove): readonly CommandStatus[] {
  return COMMAND_STATUSES.filter((status) => MOVES[move][status] !== undefined);
}

/** Nothing moves it any more. `unknown` is not here: a late result settles it. */
export function isSettled(status: CommandStatus): boolean {
  return ['succeeded', 'failed', 'expired', 'cancelled'].includes(status);
}

export interface CommandMethod {
  params: ZodType<Record<string, unknown>>;
  lifeMs: { byDefault: number; max: number };
  /** Whether it may be sent again after a reconnect; a door must not open late. */
  sentAgain: boolean;
}

export const COMMAND_METHODS: Readonly<Record<string, CommandMethod>> = {
  enrol: {
    params: z.strictObject({
      person_id: z.string().min(1).max(40),
      modality: z.enum(['face', 'fingerprint', 'palm']),
    }),
    lifeMs: { byDefault: 5 * MINUTE_MS, max: HOUR_MS },
    sentAgain: true,
  },
  open_door: {
    params: z.strictObject({ door: z.int().min(1).max(64).optional() }),
    lifeMs: { byDefault: 5 * SECOND_MS, max: 10 * SECOND_MS },
    sentAgain: false,
  },
  message: {
    params: z.strictObject({ text: z.string().min(1).max(200) }),
    lifeMs: { byDefault: 10 * MINUTE_MS, max: 24 * HOUR_MS },
    sentAgain: true,
  },
};

/** Throws with the field's name when method or params are wrong. */
export function requireMethod(name: string, params: unknown): CommandMethod {
  const method = COMMAND_METHODS[name];
  if (method === undefined) {
    const known = Object.keys(COMMAND_METHODS).join(', ');
    throw invalid('/method', `Expected one of ${known}, found ${JSON.stringify(name)}.`);
  }
  const parsed = method.params.safeParse(params);
  if (parsed.success) return method;
  const [issue] = parsed.error.issues;
  const at = ['', 'params', ...(issue?.path ?? [])].join('/');
  throw invalid(at, `${issue?.message ?? 'Not acceptable'}.`);
}

function invalid(pointer: string, detail: string): AppError {
  const fields = [{ pointer, code: 'invalid', detail }];
  return new AppError('validation_failed', detail, { fields });
}
