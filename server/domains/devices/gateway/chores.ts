// What a gateway does again and again: looks after the devices it holds, renews its leases, ends commands
// whose time is over. Each chore runs one at a time; a failed round is a warning and the next one's work.

import { toError } from '../../../shared/errors.ts';
import type { Timer } from '../../../shared/world.ts';
import { type DevicesParts, TIMES } from '../parts.ts';
import { expireCommand } from '../settle-command.ts';
import { listOverdue } from '../store-commands.ts';
import { lookAfter, renewHeld } from './look-after.ts';
import type { Session } from './session.ts';

export interface Chores {
  start(): void;
  /** A look now, because something changed. */
  look(): void;
  /** Resolves when none of them runs any more. */
  stop(): Promise<void>;
}

const OVERDUE_MAX = 200;

export function createChores(domain: DevicesParts, sessions: ReadonlyMap<string, Session>): Chores {
  const { databases, log, world } = domain.deps;
  const warn =
    (what: string) =>
    (error: Error): void =>
      log.warn({ err: error }, what);
  const look = createChore(
    () => lookAfter(domain, sessions),
    warn('devices were not looked after'),
  );
  const renew = createChore(() => renewHeld(domain, sessions), warn('leases were not renewed'));
  const expire = createChore(async () => {
    for (const overdue of await listOverdue(databases.engine, world.clock.now(), OVERDUE_MAX))
      await expireCommand(domain, overdue);
  }, warn('overdue commands were not ended'));
  let timers: Timer[] = [];
  return {
    start: () => {
      timers = [
        world.timers.every(TIMES.lookMs, look.run),
        world.timers.every(TIMES.lookMs, expire.run),
        world.timers.every(TIMES.leaseRenewMs, renew.run),
      ];
    },
    look: look.run,
    stop: async () => {
      for (const timer of timers) timer.cancel();
      timers = [];
      await Promise.all([look.idle(), renew.idle(), expire.idle()]);
    },
  };
}

interface Chore {
  run(): void;
  idle(): Promise<void>;
}

/** Asked again while it runs, it runs once more. */
function createChore(work: () => Promise<void>, failed: (error: Error) => void): Chore {
  let round: Promise<void> | null = null;
  let again = false;
  const rounds = async (): Promise<void> => {
    while (again) {
      again = false;
      await work();
    }
  };
  const run = (): void => {
    again = true;
    round ??= rounds()
      .catch((thrown: unknown) => failed(toError(thrown)))
      .finally(() => (round = null));
  };
  return { run, idle: () => round ?? Promise.resolve() };
}
