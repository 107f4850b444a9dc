// One destination as this process sees it: how many exchanges are open, whether its breaker lets any
// start, and when it last did well or badly. Shares its breaker with other replicas through its row,
// written when the state changes and, for the rest, at most every few seconds.

import type { Logger } from 'pino';
import type { Instant, World } from '../../shared/world.ts';
import { type EngineDatabase, transaction } from '../database/database.ts';
import { afterFailure, afterSuccess, type Breaker, CLOSED, mayProbe, probing } from './breaker.ts';
import type { OutboxMetrics } from './metrics.ts';
import type { DestinationSettings } from './settings.ts';
import { claimProbe, type DestinationRow, saveDestination } from './store-destinations.ts';

export interface DestinationHealth {
  /** The last exchange reached it and the breaker is closed. Nothing tried yet counts as reachable. */
  reachable: boolean;
  breaker: Breaker['state'];
  lastOkAt: Instant | null;
  lastFailedAt: Instant | null;
  lastError: string | null;
}

export interface DestinationDeps {
  db: EngineDatabase;
  world: World;
  log: Logger;
  metrics: OutboxMetrics;
  onBreaker: (id: string, state: Breaker['state']) => void;
}

/** How stale `last_ok_at` may be in the database; a write per success would double its load. */
const SAVE_EVERY_MS = 5_000;

export class Destination {
  readonly id: string;
  readonly settings: DestinationSettings;
  readonly #deps: DestinationDeps;
  #breaker: Breaker = CLOSED;
  #lastOkAt: Instant | null = null;
  #lastFailedAt: Instant | null = null;
  #lastError: string | null = null;
  #inflight = 0;
  #window: number;
  #claiming = false;
  /** Changes made here, and how many of them the row holds. */
  #changes = 0;
  #changesSaved = 0;
  #savedAtMs = Number.NEGATIVE_INFINITY;
  #saving: Promise<void> = Promise.resolve();

  constructor(deps: DestinationDeps, id: string, settings: DestinationSettings) {
    this.#deps = deps;
    this.id = id;
    this.settings = settings;
    this.#window = settings.inflightMax;
  }

  health(): DestinationHealth {
    return {
      reachable: this.#breaker.state === 'closed' && this.#breaker.failures === 0,
      breaker: this.#breaker.state,
      lastOkAt: this.#lastOkAt,
      lastFailedAt: this.#lastFailedAt,
      lastError: this.#lastError,
    };
  }

  /** How many more exchanges may start now; 0 while the breaker is not closed. */
  room(): number {
    const window = Math.min(this.#window, this.settings.inflightMax);
    return this.#breaker.state === 'closed' ? Math.max(0, window - this.#inflight) : 0;
  }

  /** Whether the one probe is wanted now. */
  wantsProbe(): boolean {
    return !this.#claiming && mayProbe(this.#breaker, this.#deps.world.clock.now());
  }

  /** When the breaker asks to be looked at again; null while it is closed. */
  probeAt(): Instant | null {
    return this.#breaker.state === 'closed' ? null : (this.#breaker.until ?? 0);
  }

  /** Takes the one probe, against other replicas too. */
  async claimProbe(): Promise<boolean> {
    this.#claiming = true;
    try {
      await this.saved(); // the row must know that it is open before it can be half-opened
      const now = this.#deps.world.clock.now();
      const claim = { id: this.id, now, until: now + this.settings.probeMs };
      const won = await transaction(this.#deps.db, (tx) => claimProbe(tx, claim));
      if (won) {
        this.#changes += 1;
        this.#changesSaved = this.#changes;
        this.#move(probing(this.#breaker, this.settings, now));
      }
      return won;
    } finally {
      this.#claiming = false;
    }
  }

  /** An exchange begins; the returned function ends it, the first time it is called. */
  begin(): (verdict: 'ok' | 'failed' | 'ignore', error?: string) => void {
    this.#inflight += 1;
    let open = true;
    return (verdict, error) => {
      if (!open) return;
      open = false;
      this.#inflight -= 1;
      this.#observe(verdict, error ?? null);
    };
  }

  /** To be asked before the rows are read: what `adopt` must still find unchanged, if it may at all. */
  unchanged(): number | null {
    if (this.#changes === this.#changesSaved) return this.#changes;
    this.#save(false);
    return null;
  }

  /** Takes over what another replica wrote, unless ours changed while the row was read. */
  adopt(row: DestinationRow, unchanged: number | null): void {
    if (unchanged !== this.#changes || this.#claiming || this.#inflight > 0) return;
    this.#lastOkAt = row.lastOkAt;
    this.#lastFailedAt = row.lastFailedAt;
    this.#lastError = row.lastError;
    this.#move({ state: row.breaker, failures: row.failures, until: row.until });
  }

  /** Writes down what is not yet, and resolves when that has been tried. */
  async saved(): Promise<void> {
    if (this.#changes !== this.#changesSaved) this.#save(true);
    await this.#saving;
  }

  #observe(verdict: 'ok' | 'failed' | 'ignore', error: string | null): void {
    const { world } = this.#deps;
    const now = world.clock.now();
    const before = this.#breaker;
    if (verdict === 'ignore') {
      // A probe that told nothing (stopped, or nothing to send) lets the next one go.
      if (before.state !== 'half_open') return;
      this.#move({ ...before, state: 'open', until: now });
    } else if (verdict === 'ok') {
      this.#lastOkAt = now;
      this.#window = Math.min(this.settings.inflightMax, this.#window * 2);
      this.#move(afterSuccess(before, now));
    } else {
      this.#lastFailedAt = now;
      this.#lastError = error;
      const moment = { now, fraction: world.random.fraction() };
      this.#move(afterFailure(before, this.settings, moment));
    }
    this.#changes += 1;
    this.#save(before.state !== this.#breaker.state || before.failures !== this.#breaker.failures);
  }

  #move(next: Breaker): void {
    const before = this.#breaker.state;
    this.#breaker = next;
    if (before === next.state) return;
    // On closing, the backlog is let go one by one at first: the window doubles with each success.
    if (next.state === 'closed') this.#window = 1;
    const { metrics, log, onBreaker } = this.#deps;
    metrics.breaker(this.id, next.state);
    const words = { destination: this.id, breaker: next.state, failures: next.failures };
    log[next.state === 'open' ? 'warn' : 'info']({ ...words, reason: this.#lastError }, 'breaker');
    onBreaker(this.id, next.state);
  }

  #save(now: boolean): void {
    const { world, db, log } = this.#deps;
    if (!now && world.monotonic() - this.#savedAtMs < SAVE_EVERY_MS) return;
    this.#savedAtMs = world.monotonic();
    this.#saving = this.#saving
      .then(async () => {
        const changes = this.#changes;
        const row = this.#row();
        await transaction(db, (tx) => saveDestination(tx, row));
        this.#changesSaved = changes;
      })
      .catch((error: unknown) => {
        log.warn({ err: error, destination: this.id }, 'the state of a destination was not saved');
      });
  }

  #row(): DestinationRow {
    const { state, until, failures } = this.#breaker;
    return {
      id: this.id,
      breaker: state,
      until,
      failures,
      lastOkAt: this.#lastOkAt,
      lastFailedAt: this.#lastFailedAt,
      lastError: this.#lastError,
    };
  }
}
