// Writes by REST per second, on both databases. A payment is made at a door and nowhere else, so by REST the
// nearest is the beginning of a payment method: a row of payments with its event, its message to the provider
// and its idempotency record. A person, without a message, stands beside it.

import { countCosts, describeCosts } from '../counting/costs.ts';
import { type Ask, createHttpLoad, jsonAsk } from '../load/http-load.ts';
import type { Context, Measure, Result } from '../measure.ts';
import { compare, ratioAtLeast, REPORT } from '../result.ts';
import { alternate, type Rounds } from '../rounds.ts';
import { cpuSeconds } from '../subject/cpu.ts';
import { lookUp, type Place } from '../subject/look-up.ts';
import { openPair, type Pair } from '../subject/pair.ts';
import { type Started, startProcess } from '../subject/process.ts';
import { type Server, startServer } from '../subject/server.ts';
import type { Kind } from '../subject/store.ts';

const CALLERS = 16;
const PAYERS = 64;
const AIM = ratioAtLeast(0.6);
const NOTE = `${CALLERS} callers at once; the server runs as \`api\`, so nothing is delivered meanwhile`;

export const restWrites: Measure = {
  name: 'rest-writes',
  about: 'writes by REST per second',
  run: async (context) => [
    ...(await onDatabase(context, 'sqlite')),
    ...(await onDatabase(context, 'postgres')),
  ],
};

interface Work {
  what: string;
  next(apiKey: string, place: Place): Ask;
}

const WORKS: readonly Work[] = [
  {
    what: 'create payment method',
    next: (apiKey, { people }) => {
      const person = people[Math.floor(Math.random() * people.length)] ?? '';
      const body = { return_url: 'https://shop.example/back' };
      return jsonAsk(`/v1/people/${person}/payment-methods`, apiKey, body);
    },
  },
  {
    what: 'create person',
    next: (apiKey, { nodeId }) =>
      jsonAsk('/v1/people', apiKey, { node_id: nodeId, display_name: 'Ada Example' }),
  },
];

async function onDatabase(context: Context, kind: Kind): Promise<Result[]> {
  let place: Place | null = null;
  const pair = await openPair(context, kind, async (server) => {
    for (let index = 0; index < PAYERS; index += 1)
      await server.client.post('/v1/people', { display_name: `Payer ${index}` });
    // The first opens the lane to the provider, which the peer's copy needs as well.
    const people = await server.client.get<{ data: { id: string }[] }>('/v1/people?limit=1');
    await server.client.post(`/v1/people/${people.data[0]?.id}/payment-methods`, {
      return_url: 'https://shop.example/back',
    });
  });
  try {
    place = await lookUp(pair.ours);
    const results: Result[] = [];
    for (const work of WORKS) {
      context.log(`  ${work.what}, ${kind}`);
      const { perSecond, cpuMs } = await timed({ context, pair, place }, work);
      const costs = await counted({ context, pair, place }, work);
      const peerName = `bare Koa + ${kind === 'sqlite' ? 'better-sqlite3' : 'pg'}`;
      const measure = `${work.what} by REST, ${kind}`;
      results.push(
        compare(context, {
          ...{ measure, unit: 'per second', peerName, aim: AIM, note: NOTE },
          ...{ rounds: perSecond, costs },
        }),
        compare(context, {
          ...{ measure: `${measure}, CPU of the server`, unit: 'ms each', peerName, aim: REPORT },
          ...{
            rounds: cpuMs,
            note: 'of the same rounds; what is left of the difference is waiting',
          },
        }),
      );
    }
    return results;
  } finally {
    await pair.close();
  }
}

interface Sides {
  context: Context;
  pair: Pair;
  place: Place;
}

async function withBoth<T>(
  { context, pair, place }: Sides,
  counts: 'calls' | undefined,
  work: (of: { ours: Server; peer: Started }) => Promise<T>,
): Promise<T> {
  const { root, folder } = context;
  const counting = counts === undefined ? {} : { counts };
  const ours = await startServer({
    ...{ root, folder, ...counting },
    ...{ dataDir: pair.dataDir, env: pair.env, role: 'api' },
  });
  const peer = await startProcess({
    ...{ root, folder, ...counting },
    name: 'peer',
    script: 'bench/peers/rest-main.ts',
    args: [JSON.stringify({ ...place, address: pair.peer.address, apiKey: ours.apiKey })],
  });
  try {
    return await work({ ours, peer });
  } finally {
    await Promise.all([ours.stop(), peer.stop()]);
  }
}

interface Timed {
  perSecond: Rounds;
  cpuMs: Rounds;
}

function timed(sides: Sides, work: Work): Promise<Timed> {
  const { rounds, secondsPerRound } = sides.context.size;
  return withBoth(sides, undefined, async ({ ours, peer }) => {
    const next = (): Ask => work.next(ours.apiKey, sides.place);
    const cpuMs = { ours: [] as number[], peer: [] as number[] };
    const round = async (who: 'ours' | 'peer', side: Started): Promise<number> => {
      const load = createHttpLoad(String(side.ready['api']), CALLERS);
      const before = cpuSeconds(side.pid);
      const perSecond = await load.during(secondsPerRound, next);
      const spentMs = (cpuSeconds(side.pid) - before) * 1_000;
      cpuMs[who].push(spentMs / (perSecond * secondsPerRound));
      await load.close();
      return perSecond;
    };
    const perSecond = await alternate(
      rounds,
      () => round('ours', ours),
      () => round('peer', peer),
    );
    // The first of each warmed up.
    return { perSecond, cpuMs: { ours: cpuMs.ours.slice(1), peer: cpuMs.peer.slice(1) } };
  });
}

async function counted(sides: Sides, work: Work): Promise<string[]> {
  const { countedOperations: operations } = sides.context.size;
  return withBoth(sides, 'calls', async ({ ours, peer }) => {
    const next = (): Ask => work.next(ours.apiKey, sides.place);
    const one = async (who: string, at: { api: string; side: Started }): Promise<string> => {
      const load = createHttpLoad(at.api, CALLERS);
      await load.times(CALLERS, next);
      const store = who === 'ours' ? sides.pair.ours : sides.pair.peer;
      const costs = await countCosts({ ...at.side, store }, operations, () =>
        load.times(operations, next),
      );
      await load.close();
      return describeCosts(who, costs);
    };
    return [
      await one('ours', { api: ours.api, side: ours }),
      await one('peer', { api: String(peer.ready['api']), side: peer }),
    ];
  });
}
