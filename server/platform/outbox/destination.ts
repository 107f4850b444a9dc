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

export interface Destination {
  readonly id: string;
  readonly settings: DestinationSettings;
  health(): DestinationHealth;
  /** How many more exchanges may start now; 0 while the breaker is not closed. */
  room(): number;
  /** Whether one probe is wanted now. */
  wantsProbe(): boolean;
  /** When the breaker asks to be looked at again; null while closed. */
  probeAt(): Instant | null;
  /** Takes the one probe, against other replicas too. */
  claimProbe(): Promise<boolean>;
  /** An exchange begins; the returned function ends it, once. */
  begin(): (verdict: 'ok' | 'failed' | 'ignore', error?: string) => void;
  /** What another replica wrote. */
  adopt(row: DestinationRow): void;
  /** Writes down what is not yet, and resolves when it has been tried. */
  saved(): Promise<void>;
}

/** How stale `last_ok_at` may be in the database; every success writing would double its load. */
const SAVE_EVERY_MS = 5_000;

export function createDestination(
  deps: { db: EngineDatabase; world: World; log: Logger; metrics: OutboxMetrics },
  id: string,
  settings: DestinationSettings,
  onBreaker: (id: string, state: Breaker['state']) => void,
): Destination {
  const { db, world, log, metrics } = deps;
  let breaker: Breaker = CLOSED;
  let times: Pick<DestinationHealth, 'lastOkAt' | 'lastFailedAt' | 'lastError'> = {
    lastOkAt: null,
    lastFailedAt: null,
    lastError: null,
  };
  let inflight = 0;
  let window = settings.inflightMax;
  let savedAtMs = Number.NEGATIVE_INFINITY;
  let dirty = false;
  let saving: Promise<void> = Promise.resolve();
  let claiming = false;

  const move = (next: Breaker): void => {
    const before = breaker.state;
    breaker = next;
    if (before === next.state) return;
    // On closing, the backlog is let go one by one at first: the window doubles with each success.
    if (next.state === 'closed') window = 1;
    metrics.breaker(id, next.state);
    log[next.state === 'open' ? 'warn' : 'info'](
      { destination: id, breaker: next.state, failures: next.failures, reason: times.lastError },
      'outbox breaker',
    );
    onBreaker(id, next.state);
  };
  const save = (now: boolean): void => {
    dirty = true;
    if (!now && world.monotonic() - savedAtMs < SAVE_EVERY_MS) return;
    savedAtMs = world.monotonic();
    saving = saving
      .then(async () => {
        dirty = false;
        await transaction(db, (tx) => saveDestination(tx, toRow(id, breaker, times)));
      })
      .catch((error: unknown) => {
        dirty = true;
        log.warn({ err: error, destination: id }, 'the state of a destination was not saved');
      });
  };
  const observe = (verdict: 'ok' | 'failed', error: string | undefined): void => {
    const now = world.clock.now();
    const before = breaker;
    if (verdict === 'ok') {
      window = Math.min(settings.inflightMax, window * 2);
      times = { ...times, lastOkAt: now };
      move(afterSuccess(breaker, now));
    } else {
      times = { ...times, lastFailedAt: now, lastError: error ?? null };
      move(afterFailure(breaker, settings, { now, fraction: world.random.fraction() }));
    }
    save(before.state !== breaker.state || before.failures !== breaker.failures);
  };

  return {
    id,
    settings,
    health: () => ({
      reachable: breaker.state === 'closed' && breaker.failures === 0,
      breaker: breaker.state,
      ...times,
    }),
    room: () => (breaker.state === 'closed' ? Math.max(0, window - inflight) : 0),
    wantsProbe: () => !claiming && mayProbe(breaker, world.clock.now()),
    probeAt: () => (breaker.state === 'closed' ? null : (breaker.until ?? 0)),
    claimProbe: async () => {
      claiming = true;
      try {
        await saving; // the row must know that it is open before it can be half-opened
        const now = world.clock.now();
        const until = now + settings.probeMs;
        const won = await transaction(db, (tx) => claimProbe(tx, { id, now, until }));
        if (won) move(probing(breaker, settings, now));
        return won;
      } finally {
        claiming = false;
      }
    },
    begin: () => {
      inflight += 1;
      let open = true;
      return (verdict, error) => {
        if (!open) return;
        open = false;
        inflight -= 1;
        if (verdict !== 'ignore') observe(verdict, error);
        else if (breaker.state === 'half_open') {
          // The probe told nothing (it was stopped, or had nothing to send): the next one may go.
          move({ ...breaker, state: 'open', until: world.clock.now() });
          save(true);
        }
      };
    },
    adopt: (row) => {
      if (dirty) save(false);
      if (dirty || claiming || inflight > 0) return; // our own knowledge is younger
      times = { lastOkAt: row.lastOkAt, lastFailedAt: row.lastFailedAt, lastError: row.lastError };
      move({ state: row.breaker, failures: row.failures, until: row.until });
    },
    saved: async () => {
      if (dirty) save(true);
      await saving;
    },
  };
}

function toRow(
  id: string,
  breaker: Breaker,
  times: Pick<DestinationHealth, 'lastOkAt' | 'lastFailedAt' | 'lastError'>,
): DestinationRow {
  return { id, breaker: breaker.state, until: breaker.until, failures: breaker.failures, ...times };
}
