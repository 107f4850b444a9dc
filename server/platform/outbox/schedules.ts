// Work that is due by the clock. A bell (a timer, or node-cron) only rings; of all replicas the one
// that inserts (schedule, bucket) first runs it. What `plan` does is in the transaction of that
// insert, so a crash cannot separate the two; a `run` that fails gives its bucket back. A bucket that
// nobody was up for is skipped, the next one comes.

import { schedule as cronSchedule } from 'node-cron';
import type { Instant, Timer } from '../../shared/world.ts';
import { type EngineTx, transaction } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import { claimRun, forgetRuns, giveBackRun } from './store-schedules.ts';

export type Schedule = {
  name: string;
  /** Atomic with the claim; for enqueueing messages. */
  plan?: (tx: EngineTx, bucket: Instant) => Promise<void>;
  /** After the claim; for work with transactions of its own. Must bear being run again. */
  run?: (bucket: Instant) => Promise<void>;
} & (
  | { everyMs: number; cron?: never }
  /** Five or six fields, UTC. */
  | { cron: string; everyMs?: never }
);

export interface Schedules {
  start(): void;
  /** No bell rings any more; what runs is waited for. */
  stop(): Promise<void>;
}

const RUNS_KEPT_MS = 7 * 24 * 3_600_000;

export function createSchedules(
  deps: Deps,
  schedules: readonly Schedule[],
  owner: string,
): Schedules {
  const silence: (() => Promise<void> | void)[] = [];
  const running = new Set<Promise<void>>();
  const ring = (schedule: Schedule, bucket: Instant): void => {
    const task = runOnce(deps, schedule, { bucket, owner })
      .catch((error: unknown) => {
        deps.log.error({ err: error, schedule: schedule.name }, 'a schedule failed');
      })
      .finally(() => running.delete(task));
    running.add(task);
  };
  return {
    start: () => {
      for (const schedule of schedules) {
        silence.push(
          schedule.everyMs === undefined
            ? cronBell(schedule.cron, (bucket) => ring(schedule, bucket))
            : timerBell(deps, schedule.everyMs, (bucket) => ring(schedule, bucket)),
        );
      }
    },
    stop: async () => {
      for (const stop of silence) await stop();
      await Promise.all(running);
    },
  };
}

/** Exported for tests: what happens when the bell rings for this bucket. */
export async function runOnce(
  deps: Deps,
  schedule: Schedule,
  { bucket, owner }: { bucket: Instant; owner: string },
): Promise<void> {
  const db = deps.databases.engine;
  const at = deps.world.clock.now();
  const won = await transaction(db, async (tx) => {
    if (!(await claimRun(tx, { name: schedule.name, bucket, owner, at }))) return false;
    await forgetRuns(tx, schedule.name, bucket - RUNS_KEPT_MS);
    await schedule.plan?.(tx, bucket);
    return true;
  });
  if (!won || schedule.run === undefined) return;
  try {
    await schedule.run(bucket);
  } catch (error) {
    await transaction(db, (tx) => giveBackRun(tx, { name: schedule.name, bucket, owner }));
    throw error;
  }
}

/** Rings at each multiple of the period, and once at the start for the period that is running. */
function timerBell(deps: Deps, everyMs: number, ring: (bucket: Instant) => void): () => void {
  let timer: Timer | null = null;
  const next = (): void => {
    const now = deps.world.clock.now();
    const bucket = now - (now % everyMs);
    ring(bucket);
    timer = deps.world.timers.after(bucket + everyMs - now, next);
  };
  next();
  return () => timer?.cancel();
}

function cronBell(expression: string, ring: (bucket: Instant) => void): () => Promise<void> {
  const task = cronSchedule(
    expression,
    // The moment it was due, not the moment it rang: the same on every replica.
    (context) => ring(Math.floor(context.date.getTime() / 1000) * 1000),
    { timezone: 'UTC' },
  );
  return async () => {
    await task.destroy();
  };
}
