// The loop of a working process: feed, dispatch, chores, sleep. Hints wake it, polling is the truth. A
// failing round counts as an empty one and is followed by a pause, so that it never spins.

import { pause, type World } from '../../shared/world.ts';
import { transaction } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import type { Bell } from './bell.ts';
import { deliver } from './deliver.ts';
import type { Destination } from './destination.ts';
import { createDispatch, type Start } from './dispatch.ts';
import { Feed } from './feed.ts';
import type { HandlerTable } from './handler.ts';
import type { OutboxMetrics } from './metrics.ts';
import type { OutboxSettings } from './settings.ts';
import type { ShardLease } from './shard-lease.ts';
import { forgetAttempts } from './store-lanes.ts';

export interface EngineParts {
  bell: Bell;
  destinations: ReadonlyMap<string, Destination>;
  handlers: HandlerTable;
  lease: ShardLease;
  metrics: OutboxMetrics;
  settings: OutboxSettings;
  /** Follows what other replicas know about destinations. */
  readHealth: () => Promise<void>;
}

/** After a destination's return, what merely backed off is due within this time, spread out. */
const HASTEN_WITHIN_MS = 1_000;
const FORGET_MAX = 5_000;

export class Engine {
  readonly #deps: Deps;
  readonly #parts: EngineParts;
  readonly #feed: Feed;
  readonly #stopped = new AbortController();
  readonly #running = new Set<Promise<void>>();
  readonly #dispatch: () => void;
  #stopping = false;
  #loop: Promise<void> = Promise.resolve();
  #marksAtMs: number;
  #sweepAtMs: number;

  constructor(deps: Deps, parts: EngineParts) {
    const { destinations, lease, metrics, settings } = parts;
    this.#deps = deps;
    this.#parts = parts;
    this.#feed = new Feed({ db: deps.databases.engine, log: deps.log, metrics }, settings);
    this.#marksAtMs = deps.world.monotonic();
    this.#sweepAtMs = deps.world.monotonic();
    this.#dispatch = createDispatch({
      clock: deps.world.clock,
      log: deps.log,
      lease,
      destinations,
      lanes: () => this.#feed.lanes(),
      mayStart: () => !this.#stopping,
      start: (start) => this.#start(start),
    });
  }

  run(): void {
    this.#loop = this.#turn();
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#stopping = true;
    this.#parts.bell.ring();
    await this.#loop;
    await settleAll(this.#deps.world, this.#running, deadlineMs);
    this.#stopped.abort();
    await settleAll(this.#deps.world, this.#running, this.#parts.settings.settleGraceMs);
  }

  hasten(destination: string): void {
    const { clock, random } = this.#deps.world;
    const now = clock.now();
    for (const lane of this.#feed.lanes()) {
      if (lane.destination !== destination) continue;
      lane.queue.hasten(() => now + Math.floor(HASTEN_WITHIN_MS * random.fraction()));
    }
  }

  async #turn(): Promise<void> {
    const { world, log } = this.#deps;
    const { bell, settings } = this.#parts;
    while (!this.#stopping) {
      try {
        const more = await this.#round();
        if (!more && !this.#stopping) await bell.wait(world.timers, this.#idleMs());
      } catch (error) {
        log.warn({ err: error }, 'a round of the outbox failed');
        await pause(world.timers, settings.pollMs);
      }
    }
  }

  async #round(): Promise<boolean> {
    const { destinations, lease, readHealth } = this.#parts;
    await readHealth();
    // Behind an open breaker a lane is not even read, until a probe wants its oldest message.
    const more = await this.#feed.fetch(lease.held(), (id) => {
      const destination = destinations.get(id);
      return destination?.health().breaker === 'closed' || destination?.wantsProbe() === true;
    });
    this.#dispatch();
    await this.#chores();
    return more;
  }

  #start({ lane, message, destination, probe }: Start): void {
    const { handlers, lease, metrics, settings } = this.#parts;
    const { databases, world, log } = this.#deps;
    const stopped = this.#stopped.signal;
    const delivering = { databases, world, log, metrics, lease, handlers, settings, stopped };
    const task = deliver(delivering, { message, lease: lane.lease, destination, probe }).then(
      (verdict) => {
        const full = lane.queue.size() >= settings.heldMax;
        if (verdict === 'gone') lane.done(message);
        else lane.queue.again(message);
        this.#running.delete(task);
        this.#dispatch();
        // The loop sleeps by what it knew: not by this due time, and not by this room in memory.
        if (verdict === 'again' || full || lane.queue.overflows().length > 0) {
          this.#parts.bell.ring();
        }
      },
    );
    this.#running.add(task);
  }

  /** Until the next known moment: a message falls due, a breaker may be probed, or the poll. */
  #idleMs(): number {
    const now = this.#deps.world.clock.now();
    const { destinations, settings } = this.#parts;
    let idleMs = settings.pollMs;
    const consider = (at: number | null): void => {
      // What is due already could not start just now; it is for the next ring or the poll.
      if (at !== null && at > now) idleMs = Math.min(idleMs, at - now);
    };
    for (const lane of this.#feed.lanes()) consider(lane.queue.earliestDue());
    for (const destination of destinations.values()) consider(destination.probeAt());
    return idleMs;
  }

  async #chores(): Promise<void> {
    const { settings } = this.#parts;
    const { world, databases } = this.#deps;
    const nowMs = world.monotonic();
    if (nowMs - this.#marksAtMs >= settings.markPersistMs) {
      this.#marksAtMs = nowMs;
      await this.#feed.persistMarks();
    }
    if (nowMs - this.#sweepAtMs < settings.sweepMs) return;
    this.#sweepAtMs = nowMs;
    await this.#feed.sweep();
    const before = world.clock.now() - settings.attemptsKeptMs;
    await transaction(databases.engine, (tx) => forgetAttempts(tx, before, FORGET_MAX));
  }
}

async function settleAll(
  world: World,
  running: ReadonlySet<Promise<void>>,
  withinMs: number,
): Promise<void> {
  if (running.size === 0) return;
  const enough = new AbortController();
  const all = Promise.all(running).then(() => enough.abort());
  await Promise.race([all, pause(world.timers, withinMs, enough.signal)]);
}
