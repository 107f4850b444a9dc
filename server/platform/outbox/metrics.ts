// The outbox's numbers. Counters are told as things happen; depth and age are read from the database
// when they are asked for, because only the database knows them.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Backlog } from './store-lanes.ts';

export interface OutboxMetrics {
  attempted(of: { type: string; destination: string; outcome: string; durationMs: number }): void;
  died(type: string): void;
  /** A look-up that has gone on for long without proof. */
  escalated(type: string): void;
  /** Found below a mark: a defect. */
  swept(count: number): void;
  breaker(destination: string, state: 'closed' | 'open' | 'half_open'): void;
}

const BREAKER_STATES = ['closed', 'half_open', 'open'] as const;

export function createOutboxMetrics(
  registry: Registry,
  read: () => Promise<readonly Backlog[]>,
  now: () => number,
): OutboxMetrics {
  const registers = [registry];
  const attempts = new Counter({
    name: 'sallyport_outbox_attempts_total',
    help: 'Attempts of outbox messages by type and outcome',
    labelNames: ['type', 'destination', 'outcome'],
    registers,
  });
  const seconds = new Histogram({
    name: 'sallyport_outbox_attempt_seconds',
    help: 'Duration of the exchange with the destination',
    labelNames: ['type'],
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    registers,
  });
  const simple = (name: string, help: string): Counter<'type'> =>
    new Counter({ name, help, labelNames: ['type'], registers });
  const dead = simple('sallyport_outbox_died_total', 'Messages that became dead letters');
  const escalated = simple(
    'sallyport_outbox_escalated_total',
    'Messages in doubt whose look-ups have proved nothing for long',
  );
  const swept = new Counter({
    name: 'sallyport_outbox_swept_total',
    help: 'Messages found below the mark by the sweep; anything but 0 is a defect',
    registers,
  });
  const breaker = new Gauge({
    name: 'sallyport_outbox_breaker_state',
    help: '0 closed, 1 half-open, 2 open',
    labelNames: ['destination'],
    registers,
  });
  registerBacklog(registers, read, now);
  return {
    attempted: ({ type, destination, outcome, durationMs }) => {
      attempts.inc({ type, destination, outcome });
      seconds.observe({ type }, durationMs / 1000);
    },
    died: (type) => dead.inc({ type }),
    escalated: (type) => escalated.inc({ type }),
    swept: (count) => swept.inc(count),
    breaker: (destination, state) => breaker.set({ destination }, BREAKER_STATES.indexOf(state)),
  };
}

function registerBacklog(
  registers: Registry[],
  read: () => Promise<readonly Backlog[]>,
  now: () => number,
): void {
  let reading: Promise<void> | null = null;
  // A scrape asks all gauges at once: they share one read, or some would tell what the last scrape saw.
  const collect = (): Promise<void> => {
    reading ??= fill().finally(() => (reading = null));
    return reading;
  };
  const gauge = (name: string, help: string): Gauge<'destination'> =>
    new Gauge({ name, help, labelNames: ['destination'], registers, collect });
  const depth = gauge('sallyport_outbox_depth', 'Messages waiting');
  const age = gauge('sallyport_outbox_oldest_age_seconds', 'Age of the oldest waiting message');
  const doubt = gauge('sallyport_outbox_indeterminate', 'Messages whose outcome is unknown');
  const dead = gauge('sallyport_outbox_dead', 'Dead letters kept');

  async function fill(): Promise<void> {
    for (const { destination, oldestCreatedAt: oldest, ...row } of await read()) {
      depth.set({ destination }, row.messages);
      age.set({ destination }, oldest === null ? 0 : Math.max(0, now() - oldest) / 1000);
      doubt.set({ destination }, row.indeterminate);
      dead.set({ destination }, row.dead);
    }
  }
}

/** For processes and tests that keep no numbers. */
export const NO_METRICS: OutboxMetrics = {
  attempted: () => undefined,
  died: () => undefined,
  escalated: () => undefined,
  swept: () => undefined,
  breaker: () => undefined,
};
