// One measurement: for some seconds people ask at the doors, terminals send events, people are written and
// read through the API, all at fixed rates whatever the answers take. A late answer delays nothing.

import type { ApiClient } from '../../installer/story/api-client.ts';
import { sleep, until } from '../chaos/wait.ts';
import type { Answered, Door } from './door.ts';

export interface Traffic {
  client: ApiClient;
  doors: readonly Door[];
  personSeeds: readonly string[];
  siteId: string;
  readPath: string;
}

export const RATES_PER_SECOND = { asks: 10, events: 100, writes: 5, reads: 20 } as const;

export interface Seen {
  fromMs: number;
  toMs: number;
  asks: Answered[];
  readsMs: number[];
  writesMs: number[];
  failures: number;
  eventLoop: { p50Ms: number; p99Ms: number; maxMs: number };
}

const DRAIN_MS = 30_000;

export async function runTraffic(traffic: Traffic, api: string, seconds: number): Promise<Seen> {
  const { doors, client } = traffic;
  for (const door of doors) door.load(RATES_PER_SECOND.events / doors.length);
  let asked = 0;
  const seen = { readsMs: [] as number[], writesMs: [] as number[], failures: 0 };
  const calls = new Set<Promise<void>>();
  const call = (into: number[], work: () => Promise<unknown>): void => {
    const started = performance.now();
    const running: Promise<void> = work()
      .then(
        () => void into.push(performance.now() - started),
        () => void (seen.failures += 1),
      )
      .finally(() => calls.delete(running));
    calls.add(running);
  };
  await readEventLoop(api); // what was before is forgotten
  const fromMs = Date.now();
  const stops = [
    repeat(RATES_PER_SECOND.asks, () => {
      const seed = traffic.personSeeds[asked % traffic.personSeeds.length];
      if (seed !== undefined) doors[asked % doors.length]?.pay(seed);
      asked += 1;
    }),
    repeat(RATES_PER_SECOND.writes, (turn) =>
      call(seen.writesMs, () =>
        client.post('/v1/people', { node_id: traffic.siteId, display_name: `Measured ${turn}` }),
      ),
    ),
    repeat(RATES_PER_SECOND.reads, () => call(seen.readsMs, () => client.get(traffic.readPath))),
  ];
  await sleep(seconds * 1_000);
  for (const stop of stops) stop();
  const toMs = Date.now();
  const eventLoop = await readEventLoop(api);
  for (const door of doors) door.load(0);
  await Promise.all(calls);
  await until(() => doors.every((door) => door.open() === 0), { timeoutMs: DRAIN_MS, everyMs: 50 });
  const asks = doors.flatMap((door) => door.take());
  return { fromMs, toMs, asks, eventLoop, ...seen };
}

function repeat(perSecond: number, act: (turn: number) => void): () => void {
  let turn = 0;
  const timer = setInterval(() => act((turn += 1)), 1_000 / perSecond);
  return () => clearInterval(timer);
}

/** The server's own histogram of the delay of its event loop; each look begins a new one. */
async function readEventLoop(api: string): Promise<Seen['eventLoop']> {
  const text = await (await fetch(`${api}/metrics`)).text();
  const read = (name: string): number => {
    const found = new RegExp(`^nodejs_eventloop_lag_${name}_seconds (\\S+)$`, 'm').exec(text);
    if (found?.[1] === undefined)
      throw new Error(`/metrics: expected nodejs_eventloop_lag_${name}_seconds, found none.`);
    return Number(found[1]) * 1_000;
  };
  return { p50Ms: read('p50'), p99Ms: read('p99'), maxMs: read('max') };
}
