// What a device, or the clock, says of a command. Only frames of the device lead beyond `sent`; a result
// is stored together with what it means, in one transaction, and only then the device may forget it.

import { transaction, type Tx } from '../../platform/database/database.ts';
import { type ErrorKind, isAppError } from '../../shared/errors.ts';
import { tell } from '../audit/index.ts';
import { type Command, commandAfter, isSettled } from './command.ts';
import type { DeviceContext, DevicesParts } from './parts.ts';
import { findCommand, lockCommand, updateCommand } from './store-commands.ts';
import { updateCommandApplied } from './store-devices.ts';

export interface CommandError {
  code: string;
  detail: string | null;
}

/** Errors after which the same result would be refused again. */
const FINAL: readonly ErrorKind[] = [
  'invalid',
  'unprocessable',
  'not_found',
  'conflict',
  'forbidden',
  'too_large',
];

export async function noteProgress(
  parts: DevicesParts,
  context: DeviceContext,
  { id, move }: { id: string; move: 'rcv' | 'prg' },
): Promise<void> {
  await transaction(context.db, async (tx) => {
    const command = await lockCommand(tx, context.device.id, id);
    const status = command === null ? null : commandAfter(move, command.status);
    if (command === null || status === null || status === command.status) return;
    await updateCommand(tx, command, { status });
    parts.deps.log.debug({ command_id: id, status }, 'command moved');
  });
}

/**
 * Stores a result with its meaning. A result that means something impossible (a consent withdrawn in the
 * meantime, say) makes the command fail for good; anything else that goes wrong is thrown, and the device
 * sends its result again.
 */
export async function settleResult(
  parts: DevicesParts,
  context: DeviceContext,
  { id, result }: { id: string; result: Record<string, unknown> },
): Promise<void> {
  const method = (await findCommand(context.db, context.device.id, id))?.method ?? null;
  const meaning = method === null ? undefined : parts.commandResults[method];
  try {
    await meaning?.prepare?.(context);
    await transaction(context.db, async (tx) => {
      const command = await lockOpen(tx, context, id);
      if (command === null) return;
      const received = { commandId: id, params: command.params, result };
      const stored = meaning === undefined ? result : await meaning.store(tx, context, received);
      await finish(parts, tx, { context, command, move: 'res', result: stored });
    });
  } catch (thrown) {
    if (!isAppError(thrown) || !FINAL.includes(thrown.kind)) throw thrown;
    await settleError(parts, context, { id, error: { code: thrown.code, detail: thrown.message } });
  }
}

export async function settleError(
  parts: DevicesParts,
  context: DeviceContext,
  { id, error }: { id: string; error: CommandError },
): Promise<void> {
  await transaction(context.db, async (tx) => {
    const command = await lockOpen(tx, context, id);
    if (command === null) return;
    await finish(parts, tx, { context, command, move: 'err', result: { error } });
  });
}

/** Its time is over: never sent is `expired`, sent and unanswered is `unknown`. */
export async function expireCommand(
  parts: Pick<DevicesParts, 'deps'>,
  { orgId, deviceId, id }: { orgId: string; deviceId: string; id: string },
): Promise<void> {
  const { databases, world } = parts.deps;
  await transaction(databases.org(orgId), async (tx) => {
    const command = await lockCommand(tx, deviceId, id);
    const status = command === null ? null : commandAfter('expire', command.status);
    if (command === null || status === null) return;
    const finishedAt = status === 'expired' ? world.clock.now() : null;
    await updateCommand(tx, command, { status, finishedAt });
    await tell(parts.deps, tx, {
      type: `device_command.${status}`,
      subject: { kind: 'device_command', id },
      actor: { kind: 'system', id: 'gateway' },
      data: { device_id: deviceId, method: command.method, sent_count: command.sentCount },
    });
  });
}

/** Null when there is nothing to settle: unknown here, never sent, or settled before. */
async function lockOpen(tx: Tx, context: DeviceContext, id: string): Promise<Command | null> {
  const command = await lockCommand(tx, context.device.id, id);
  if (command === null || isSettled(command.status)) return null;
  return commandAfter('res', command.status) === null ? null : command;
}

interface Finish {
  context: DeviceContext;
  command: Command;
  move: 'res' | 'err';
  result: unknown;
}

async function finish(
  { deps }: DevicesParts,
  tx: Tx,
  { context, command, move, result }: Finish,
): Promise<void> {
  const status = move === 'res' ? 'succeeded' : 'failed';
  await updateCommand(tx, command, { status, result, finishedAt: deps.world.clock.now() });
  await updateCommandApplied(tx, command.deviceId, command.seq);
  await tell(deps, tx, {
    type: `device_command.${status}`,
    subject: { kind: 'device_command', id: command.id },
    nodeId: context.device.nodeId,
    actor: { kind: 'device', id: command.deviceId },
    data: { device_id: command.deviceId, method: command.method },
    traceId: context.traceId,
  });
}
