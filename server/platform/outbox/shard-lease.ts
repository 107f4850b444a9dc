// Which shards this engine owns, and until when it may start sending by its own monotonic clock. A
// lease that could not be renewed stops dispatch before it ends, so a stall delays and never doubles.

import type { Logger } from 'pino';
import type { Timer, World } from '../../shared/world.ts';
import { type EngineDatabase, transaction } from '../database/database.ts';
import type { OutboxSettings } from './settings.ts';
import {
  ensureShards,
  type HeldShard,
  releaseShards,
  renewShards,
  takeShards,
} from './store-shards.ts';

export interface ShardLease {
  readonly owner: string;
  held(): readonly HeldShard[];
  /** Whether a send for this shard and epoch may start now. */
  mayStart(lease: HeldShard): boolean;
  start(): Promise<void>;
  /** Renews what is held and takes what is free; a failure keeps the old deadlines. */
  tend(): Promise<void>;
  release(): Promise<void>;
}

export function createShardLease(
  { db, world, log }: { db: EngineDatabase; world: World; log: Logger },
  settings: Pick<OutboxSettings, 'leaseMs' | 'renewMs' | 'leaseMarginMs'>,
  onChange: () => void,
): ShardLease {
  const owner = Buffer.from(world.random.bytes(12)).toString('hex');
  let held = new Map<number, { epoch: number; startUntilMs: number }>();
  let timer: Timer | null = null;
  let tending: Promise<void> | null = null;

  const round = async (): Promise<void> => {
    // Measured before the statement: the database's clock starts the lease later than this.
    const startUntilMs = world.monotonic() + settings.leaseMs - settings.leaseMarginMs;
    const before = [...held].map(([shard, { epoch }]) => ({ shard, epoch }));
    const owned = await transaction(db, async (tx) => [
      ...(before.length === 0
        ? []
        : await renewShards(tx, { owner, leaseMs: settings.leaseMs, held: before })),
      ...(await takeShards(tx, { owner, leaseMs: settings.leaseMs })),
    ]);
    const lost = before.filter((was) => !owned.some((is) => sameLease(was, is)));
    if (lost.length > 0) {
      log.warn(
        { shards: lost.map(({ shard }) => shard) },
        'outbox shards were lost to another worker',
      );
    }
    held = new Map(owned.map(({ shard, epoch }) => [shard, { epoch, startUntilMs }]));
    if (lost.length > 0 || owned.length !== before.length) onChange();
  };
  const tend = (): Promise<void> => {
    tending ??= round().finally(() => (tending = null));
    return tending;
  };

  return {
    owner,
    held: () => [...held].map(([shard, { epoch }]) => ({ shard, epoch })),
    mayStart: ({ shard, epoch }) => {
      const lease = held.get(shard);
      return lease?.epoch === epoch && world.monotonic() < lease.startUntilMs;
    },
    start: async () => {
      await transaction(db, ensureShards);
      await tend();
      timer = world.timers.every(settings.renewMs, () => {
        tend().catch((error: unknown) =>
          log.warn({ err: error }, 'outbox leases were not renewed'),
        );
      });
    },
    tend,
    release: async () => {
      timer?.cancel();
      await tending?.catch(() => undefined); // its failure was logged by the timer
      held = new Map();
      await transaction(db, (tx) => releaseShards(tx, owner));
    },
  };
}

function sameLease(a: HeldShard, b: HeldShard): boolean {
  return a.shard === b.shard && a.epoch === b.epoch;
}
