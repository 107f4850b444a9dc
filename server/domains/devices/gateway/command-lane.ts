// One connection's commands: sends what waits, within the window and in order, and takes receipts and
// results. What was sent is noted before its first byte, so a door is never told twice to open.

import { transaction } from '../../../platform/database/database.ts';
import { toError } from '../../../shared/errors.ts';
import { COMMAND_METHODS, type Command } from '../command.ts';
import type { DeviceContext, DevicesParts } from '../parts.ts';
import { noteProgress, settleError, settleResult } from '../settle-command.ts';
import { listOpenCommands, updateSent } from '../store-commands.ts';
import { forbiddenIn } from './forbidden.ts';
import { Failure, Progress, Receipt, Result } from './frames.ts';
import { type AnyFrame, malformed, readAs } from './parse.ts';
import { LIMITS } from './protocol.ts';

export interface CommandLaneParts {
  gen: number;
  context(): DeviceContext;
  send(frame: object): void;
  isOpen(): boolean;
  fail(error: Error): void;
}

export interface CommandLane {
  receive(frame: AnyFrame): void;
  /** There may be something to send. */
  deliver(): void;
}

/** Sent commands that may not be sent again stay in the list until their time is over. */
const LIST_MAX = 64;

export function createCommandLane(domain: DevicesParts, parts: CommandLaneParts): CommandLane {
  /** Sent on this connection and without a result. */
  const open = new Set<string>();
  let running = false;
  let again = false;

  const deliverAll = async (): Promise<void> => {
    const { db, device } = parts.context();
    for (const command of await listOpenCommands(db, device.id, LIST_MAX)) {
      if (open.size >= LIMITS.callsOpen || !parts.isOpen()) return;
      if (open.has(command.id)) continue;
      const sentAgain = COMMAND_METHODS[command.method]?.sentAgain ?? false;
      if (command.sentCount > 0 && !sentAgain) continue;
      const now = domain.deps.world.clock.now();
      const sent = await transaction(db, (tx) =>
        updateSent(tx, command, { gen: parts.gen, sentAgain, now }),
      );
      if (sent === null) continue;
      open.add(sent.id);
      parts.send(callFrame(sent));
    }
  };
  const deliver = (): void => {
    again = true;
    if (running) return;
    running = true;
    void (async () => {
      while (again && parts.isOpen()) {
        again = false;
        await deliverAll();
      }
    })()
      .catch((thrown: unknown) => parts.fail(toError(thrown)))
      .finally(() => (running = false));
  };
  const settled = (id: string): void => {
    open.delete(id);
    parts.send({ t: 'fin', id });
    deliver();
  };
  const settle = (id: string, work: Promise<void>): void => {
    // Without `fin` the device sends it again after its next hello.
    void work.then(() => settled(id)).catch((thrown: unknown) => parts.fail(toError(thrown)));
  };

  const receive = (frame: AnyFrame): void => {
    const context = parts.context();
    if (frame.t === 'rcv' || frame.t === 'prg') {
      const { id } = readAs(frame.t === 'rcv' ? Receipt : Progress, frame);
      const noted = noteProgress(domain, context, { id, move: frame.t });
      void noted.catch((thrown: unknown) => parts.fail(toError(thrown)));
      return;
    }
    if (frame.t === 'err') {
      const { id, code, detail } = readAs(Failure, frame);
      const kept = detail === undefined ? null : (forbiddenIn(detail, 'detail') ?? detail);
      return settle(id, settleError(domain, context, { id, error: { code, detail: kept } }));
    }
    const { id, r } = readAs(Result, frame);
    if (Buffer.byteLength(JSON.stringify(r)) > LIMITS.resultBytes)
      throw malformed(`r: expected at most ${LIMITS.resultBytes} bytes`);
    // For good, or the device would send it again for ever: the command fails, and nothing of `r` is kept.
    const why = forbiddenIn(r, '/r');
    if (why === null) return settle(id, settleResult(domain, context, { id, result: r }));
    settle(
      id,
      settleError(domain, context, { id, error: { code: 'FormatViolation', detail: why } }),
    );
  };

  return { receive, deliver };
}

function callFrame(command: Command): object {
  return {
    t: 'call',
    id: command.id,
    ep: command.epoch,
    off: command.seq,
    m: command.method,
    p: command.params,
    exp: command.expiresAt,
    again: command.sentCount > 1,
  };
}
