// The outbox of a process: destinations and their health everywhere; leases, engine and schedules
// where it works. One per process.

import { withDefaults } from '../../shared/with-defaults.ts';
import { pause } from '../../shared/world.ts';
import { transaction } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import { createBell } from './bell.ts';
import type { BreakerState } from './breaker.ts';
import { Destination, type DestinationHealth } from './destination.ts';
import { Engine } from './engine.ts';
import type { HandlerTable } from './handler.ts';
import { NO_METRICS, type OutboxMetrics } from './metrics.ts';
import { createSchedules, type Schedule } from './schedules.ts';
import {
  DESTINATION_DEFAULTS,
  type DestinationSettings,
  OUTBOX_DEFAULTS,
  type OutboxSettings,
} from './settings.ts';
import { createShardLease } from './shard-lease.ts';
import { ensureDestination, readDestinations } from './store-destinations.ts';
import { type Backlog, readBacklog } from './store-lanes.ts';

export interface OutboxOptions {
  handlers: HandlerTable;
  destinations: Readonly<Record<string, Partial<DestinationSettings>>>;
  settings?: Partial<OutboxSettings>;
  schedules?: readonly Schedule[];
  metrics?: OutboxMetrics;
  /** A destination's breaker moved, e.g. to look for missed events when it closes. Must not throw. */
  onBreaker?: (destination: string, state: BreakerState) => void;
}

export interface Outbox {
  /** Writes down the destinations, so that messages for them can be enqueued. Every role does this. */
  prepare(): Promise<void>;
  /** Begins to work. */
  start(): Promise<void>;
  /** Follows the health of destinations without working, where another process does. */
  watch(): Promise<void>;
  /** No new sends; what is under way may finish until the deadline; leases are handed over at once. */
  stop(deadlineMs: number): Promise<void>;
  nudge(): void;
  health(destination: string): DestinationHealth;
  backlog(): Promise<readonly Backlog[]>;
}

export function createOutbox(deps: Deps, options: OutboxOptions): Outbox {
  const { world, log } = deps;
  const db = deps.databases.engine;
  const settings = withDefaults(OUTBOX_DEFAULTS, options.settings);
  const metrics = options.metrics ?? NO_METRICS;
  const bell = deps.bell ?? createBell();
  const lease = createShardLease({ db, world, log }, settings, bell.ring);
  const onBreaker = (id: string, state: BreakerState): void => {
    if (state === 'closed') engine.hasten(id);
    options.onBreaker?.(id, state);
    bell.ring();
  };
  const destinations = new Map(
    Object.entries(options.destinations).map(([id, set]) => {
      const whole = withDefaults(DESTINATION_DEFAULTS, set);
      return [id, new Destination({ db, world, log, metrics, onBreaker }, id, whole)];
    }),
  );
  const readHealth = createHealthReader(deps, destinations, settings.pollMs);
  const { handlers } = options;
  const parts = { bell, destinations, handlers, lease, metrics, settings, readHealth };
  const engine = new Engine(deps, parts);
  const schedules = createSchedules(deps, options.schedules ?? [], lease.owner);
  const watching = new AbortController();
  let works = false;

  const prepare = async (): Promise<void> => {
    for (const { id, settings: of } of destinations.values()) {
      await transaction(db, (tx) => ensureDestination(tx, { id, inflightMax: of.inflightMax }));
    }
    await readHealth();
  };
  const health = (id: string): DestinationHealth => {
    const found = destinations.get(id);
    if (found === undefined) throw new Error(`There is no outbox destination named ${id}.`);
    return found.health();
  };
  return {
    prepare,
    start: async () => {
      await prepare();
      await lease.start();
      works = true;
      engine.run();
      schedules.start();
    },
    watch: async () => {
      await prepare();
      void watchOn(deps, { readHealth, everyMs: settings.pollMs, until: watching.signal });
    },
    stop: async (deadlineMs) => {
      watching.abort();
      if (!works) return;
      works = false;
      await schedules.stop();
      await engine.stop(deadlineMs);
      await Promise.all(Array.from(destinations.values(), (each) => each.saved()));
      await lease.release();
    },
    nudge: bell.ring,
    health,
    backlog: () => readBacklog(db),
  };
}

/** Reads what other replicas wrote, at most once per interval. */
function createHealthReader(
  { databases, world }: Deps,
  destinations: ReadonlyMap<string, Destination>,
  everyMs: number,
): () => Promise<void> {
  let readAtMs = Number.NEGATIVE_INFINITY;
  return async () => {
    if (world.monotonic() - readAtMs < everyMs) return;
    readAtMs = world.monotonic();
    const before = new Map(
      Array.from(destinations.values(), (each) => [each.id, each.unchanged()]),
    );
    for (const row of await readDestinations(databases.engine)) {
      destinations.get(row.id)?.adopt(row, before.get(row.id) ?? null);
    }
  };
}

async function watchOn(
  { world, log }: Deps,
  of: { readHealth: () => Promise<void>; everyMs: number; until: AbortSignal },
): Promise<void> {
  for (;;) {
    await pause(world.timers, of.everyMs, of.until);
    if (of.until.aborted) return;
    await of.readHealth().catch((error: unknown) => {
      log.warn({ err: error }, 'the health of destinations was not read');
    });
  }
}
