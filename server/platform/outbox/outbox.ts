// The engine: holds shards, feeds lanes, starts deliveries as far as windows and breakers allow, and
// stops gracefully. Hints wake it, polling is the truth; a failing round counts as an empty one and is
// followed by a pause, so that it never spins. One per process that works.

import { pause } from '../../shared/world.ts';
import { transaction } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import { type Bell, createBell } from './bell.ts';
import type { BreakerState } from './breaker.ts';
import { deliver } from './deliver.ts';
import { createDestination, type Destination, type DestinationHealth } from './destination.ts';
import { createFeed, type Feed, type Lane } from './feed.ts';
import type { HandlerTable } from './handler.ts';
import { NO_METRICS, type OutboxMetrics } from './metrics.ts';
import { createSchedules, type Schedule } from './schedules.ts';
import {
  DESTINATION_DEFAULTS,
  type DestinationSettings,
  OUTBOX_DEFAULTS,
  type OutboxSettings,
} from './settings.ts';
import { createShardLease, type ShardLease } from './shard-lease.ts';
import { ensureDestination, readDestinations } from './store-destinations.ts';
import { type Backlog, forgetAttempts, readBacklog } from './store-lanes.ts';
import type { StoredMessage } from './stored-message.ts';

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
  const engine = createEngine(deps, options);
  const watching = new AbortController();
  const schedules = createSchedules(deps, options.schedules ?? [], engine.lease.owner);
  let working: Promise<void> | null = null;

  const prepare = async (): Promise<void> => {
    for (const { id, settings } of engine.destinations.values()) {
      const { inflightMax } = settings;
      await transaction(deps.databases.engine, (tx) => ensureDestination(tx, { id, inflightMax }));
    }
    await engine.readHealth();
  };
  const watchOn = async (): Promise<void> => {
    while (!watching.signal.aborted) {
      await pause(deps.world.timers, engine.settings.pollMs, watching.signal);
      await engine.readHealth().catch((error: unknown) => {
        deps.log.warn({ err: error }, 'the health of destinations was not read');
      });
    }
  };
  return {
    prepare,
    start: async () => {
      await prepare();
      await engine.lease.start();
      working = engine.run();
      await schedules.start();
    },
    watch: async () => {
      await prepare();
      working = watchOn();
    },
    stop: async (deadlineMs) => {
      watching.abort();
      await schedules.stop();
      await engine.stop(deadlineMs);
      await working;
    },
    nudge: engine.bell.ring,
    health: (id) => find(engine.destinations, id).health(),
    backlog: () => readBacklog(deps.databases.engine),
  };
}

interface Engine {
  settings: OutboxSettings;
  destinations: ReadonlyMap<string, Destination>;
  lease: ShardLease;
  bell: Bell;
  run(): Promise<void>;
  stop(deadlineMs: number): Promise<void>;
  readHealth(): Promise<void>;
}

function createEngine(deps: Deps, options: OutboxOptions): Engine {
  const { world, log, databases } = deps;
  const db = databases.engine;
  const settings = { ...OUTBOX_DEFAULTS, ...options.settings };
  const metrics = options.metrics ?? NO_METRICS;
  const bell = deps.bell ?? createBell();
  const lease = createShardLease({ db, world, log }, settings, bell.ring);
  const feed = createFeed({ db, world, log, metrics }, settings);
  const stopped = new AbortController();
  const running = new Set<Promise<void>>();
  let stopping = false;
  let finished: Promise<void> = Promise.resolve();

  const onBreaker = (id: string, state: BreakerState): void => {
    if (state === 'closed') hasten(deps, feed, id);
    options.onBreaker?.(id, state);
    bell.ring();
  };
  const destinations = new Map(
    Object.entries(options.destinations).map(([id, set]) => [
      id,
      createDestination(
        { db, world, log, metrics },
        id,
        { ...DESTINATION_DEFAULTS, ...set },
        onBreaker,
      ),
    ]),
  );
  const delivering = {
    databases,
    world,
    log,
    metrics,
    lease,
    settings,
    handlers: options.handlers,
    stopped: stopped.signal,
  };

  const start = (
    lane: Lane,
    message: StoredMessage,
    destination: Destination,
    probe: boolean,
  ): void => {
    const task = deliver(delivering, { message, lease: lane.lease, destination, probe }).then(
      (verdict) => {
        const full = lane.queue.size() >= settings.heldMax;
        if (verdict === 'gone') lane.done(message);
        else lane.queue.again(message);
        running.delete(task);
        dispatch();
        // The loop sleeps by what it knew: not by this due time, and not by this room in memory.
        if (verdict === 'again' || full || lane.queue.overflows().length > 0) bell.ring();
      },
    );
    running.add(task);
  };
  const dispatch = createDispatch({
    deps,
    feed,
    lease,
    destinations,
    start,
    mayStart: () => !stopping,
  });

  const upkeep = createUpkeep(deps, feed, settings);
  let readAtMs = Number.NEGATIVE_INFINITY;
  const readHealth = async (): Promise<void> => {
    if (world.monotonic() - readAtMs < settings.pollMs) return;
    readAtMs = world.monotonic();
    for (const row of await readDestinations(db)) destinations.get(row.id)?.adopt(row);
  };
  const round = async (): Promise<boolean> => {
    await readHealth();
    const wanted = (id: string): boolean => {
      const health = destinations.get(id);
      return health !== undefined && (health.health().breaker === 'closed' || health.wantsProbe());
    };
    const more = await feed.fetch(lease.held(), wanted);
    dispatch();
    await upkeep();
    return more;
  };
  const loop = async (): Promise<void> => {
    while (!stopping) {
      let more = false;
      try {
        more = await round();
      } catch (error) {
        log.warn({ err: error }, 'a round of the outbox failed');
        await pause(world.timers, settings.pollMs, stopped.signal);
      }
      if (!more && !stopping)
        await bell.wait(world.timers, dueInMs(deps, feed, destinations, settings));
    }
  };

  return {
    settings,
    destinations,
    lease,
    bell,
    readHealth,
    run: () => (finished = loop()),
    stop: async (deadlineMs) => {
      stopping = true;
      bell.ring();
      await finished;
      await settleAll(deps, running, deadlineMs);
      stopped.abort();
      await settleAll(deps, running, settings.settleGraceMs);
      await Promise.all([...destinations.values()].map((destination) => destination.saved()));
      await lease.release();
    },
  };
}

/** Starts whatever may start now. Returns whether anything did. */
function createDispatch(of: {
  deps: Deps;
  feed: Feed;
  lease: ShardLease;
  destinations: ReadonlyMap<string, Destination>;
  start(lane: Lane, message: StoredMessage, destination: Destination, probe: boolean): void;
  mayStart(): boolean;
}): () => boolean {
  const { deps, feed, lease, destinations, start } = of;
  let turn = 0;
  const lanesOf = (id: string): readonly Lane[] =>
    feed.lanes().filter((lane) => lane.destination === id && lease.mayStart(lane.lease));

  const probe = async (destination: Destination): Promise<void> => {
    const now = deps.world.clock.now();
    if (oldest(lanesOf(destination.id), now) === null || !(await destination.claimProbe())) return;
    const found = oldest(lanesOf(destination.id), now);
    const message = found?.lane.queue.take(found.pos) ?? null;
    if (found === null || message === null || !of.mayStart()) return destination.begin()('ignore');
    start(found.lane, message, destination, true);
  };
  return () => {
    if (!of.mayStart()) return false;
    let started = false;
    const now = deps.world.clock.now();
    for (const destination of destinations.values()) {
      if (destination.wantsProbe()) {
        probe(destination).catch((error: unknown) => {
          deps.log.warn({ err: error, destination: destination.id }, 'a probe was not claimed');
        });
        continue;
      }
      if (destination.room() === 0) continue;
      const lanes = lanesOf(destination.id);
      // Round robin over the organizations: one message of each lane in turn.
      for (let idle = 0; idle < lanes.length && destination.room() > 0; turn += 1) {
        const lane = lanes[turn % lanes.length];
        const message = lane?.queue.next(now) ?? null;
        if (lane === undefined || message === null) idle += 1;
        else {
          idle = 0;
          started = true;
          start(lane, message, destination, false);
        }
      }
    }
    return started;
  };
}

function oldest(lanes: readonly Lane[], now: number): { lane: Lane; pos: number } | null {
  let found: { lane: Lane; pos: number } | null = null;
  for (const lane of lanes) {
    const pos = lane.queue.oldestDue(now);
    if (pos !== null && (found === null || pos < found.pos)) found = { lane, pos };
  }
  return found;
}

/** Until the next known moment: a message falls due, a breaker may be probed, or the poll. */
function dueInMs(
  deps: Deps,
  feed: Feed,
  destinations: ReadonlyMap<string, Destination>,
  settings: OutboxSettings,
): number {
  const now = deps.world.clock.now();
  const moments = [
    ...feed.lanes().map((lane) => lane.queue.earliestDue()),
    ...[...destinations.values()].map((destination) => destination.probeAt()),
  ];
  // What is due already could not start just now; it is for the next ring or the poll.
  const next = moments.filter((at): at is number => at !== null && at > now);
  return Math.max(1, Math.min(settings.pollMs, ...next.map((at) => at - now)));
}

/** A destination is back: what only backed off is due soon, spread out; the window still ramps up. */
function hasten(deps: Deps, feed: Feed, destination: string): void {
  const now = deps.world.clock.now();
  for (const lane of feed.lanes()) {
    if (lane.destination !== destination) continue;
    lane.queue.hasten(() => now + Math.floor(HASTEN_WITHIN_MS * deps.world.random.fraction()));
  }
}

const HASTEN_WITHIN_MS = 1_000;

/** The slow chores of the loop: marks, sweep, history. */
function createUpkeep(deps: Deps, feed: Feed, settings: OutboxSettings): () => Promise<void> {
  let marksAtMs = deps.world.monotonic();
  let sweepAtMs = deps.world.monotonic();
  return async () => {
    const nowMs = deps.world.monotonic();
    if (nowMs - marksAtMs >= settings.markPersistMs) {
      marksAtMs = nowMs;
      await feed.persistMarks();
    }
    if (nowMs - sweepAtMs >= settings.sweepMs) {
      sweepAtMs = nowMs;
      await feed.sweep();
      const before = deps.world.clock.now() - settings.attemptsKeptMs;
      await transaction(deps.databases.engine, (tx) => forgetAttempts(tx, before, FORGET_MAX));
    }
  };
}

const FORGET_MAX = 5_000;

async function settleAll(deps: Deps, running: Set<Promise<void>>, withinMs: number): Promise<void> {
  if (running.size === 0) return;
  const enough = new AbortController();
  const all = Promise.all(running).then(() => enough.abort());
  await Promise.race([all, pause(deps.world.timers, withinMs, enough.signal)]);
}

function find(destinations: ReadonlyMap<string, Destination>, id: string): Destination {
  const found = destinations.get(id);
  if (found === undefined) throw new Error(`There is no outbox destination ${JSON.stringify(id)}.`);
  return found;
}
