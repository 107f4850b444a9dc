// A provider's webhook: verified, stored, acknowledged. How long the provider waits, one event after another,
// because a provider that is answered late sends again.

import { createHmac, randomUUID } from 'node:crypto';
import { quantile } from '../../scripts/measure/quantile.ts';
import { countCosts, describeCosts } from '../counting/costs.ts';
import { type Ask, createHttpLoad } from '../load/http-load.ts';
import type { Context, Measure } from '../measure.ts';
import { atMost, compare } from '../result.ts';
import { alternate } from '../rounds.ts';
import { lookUp, type Place } from '../subject/look-up.ts';
import { openPair, type Pair } from '../subject/pair.ts';
import { type Started, startProcess } from '../subject/process.ts';
import { type Server, startServer, WEBHOOK_SECRET } from '../subject/server.ts';

export const inbox: Measure = {
  name: 'inbox',
  about: 'a webhook verified, stored and acknowledged, SQLite',
  run: async (context) => {
    const pair = await openPair(context, 'sqlite', async () => undefined);
    const place = await lookUp(pair.ours);
    const sides = { context, pair, place };
    const rounds = await withBoth(sides, undefined, ({ ours, peer }) => {
      const p99 = async (side: { api: string }): Promise<number> => {
        const load = createHttpLoad(side.api, 1);
        const tookMs = await load.each(context.size.samples, () => webhook(place));
        await load.close();
        return quantile(tookMs, 0.99);
      };
      return alternate(
        context.size.rounds,
        () => p99(ours),
        () => p99({ api: String(peer.ready['api']) }),
      );
    });
    const costs = await withBoth(sides, 'calls', (both) => counted(sides, both));
    return [
      compare(context, {
        measure: 'inbox: verify, store, acknowledge, p99',
        unit: 'ms',
        peerName: 'bare Koa + one insert',
        aim: atMost(10, 'ms'),
        note: 'one after another; the server runs as `api`, so that nothing is looked up meanwhile',
        ...{ rounds, costs },
      }),
    ];
  },
};

interface Sides {
  context: Context;
  pair: Pair;
  place: Place;
}

interface Both {
  ours: Server;
  peer: Started;
}

async function withBoth<T>(
  { context, pair, place }: Sides,
  counts: 'calls' | undefined,
  work: (both: Both) => Promise<T>,
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
    script: 'bench/peers/inbox-main.ts',
    args: [JSON.stringify({ ...place, address: pair.peer.address })],
  });
  try {
    return await work({ ours, peer });
  } finally {
    await Promise.all([ours.stop(), peer.stop()]);
  }
}

async function counted({ context, pair, place }: Sides, { ours, peer }: Both): Promise<string[]> {
  const { countedOperations: operations } = context.size;
  const lines: string[] = [];
  for (const [who, side, store] of [
    ['ours', ours, pair.ours],
    ['peer', peer, pair.peer],
  ] as const) {
    const load = createHttpLoad(String(side.ready['api']), 1);
    await load.times(1, () => webhook(place));
    const costs = await countCosts({ ...side, store }, operations, () =>
      load.times(operations, () => webhook(place)),
    );
    await load.close();
    lines.push(describeCosts(who, costs));
  }
  return lines;
}

/** As Stripe sends them: about 2 KB, signed with the time. */
function webhook({ providerAccountId }: Place): Ask {
  const object = { id: `pi_${randomUUID()}`, object: 'payment_intent', metadata: METADATA };
  const event = {
    id: `evt_${randomUUID()}`,
    object: 'event',
    api_version: '2025-09-30',
    created: Math.floor(Date.now() / 1_000),
    type: 'payment_intent.succeeded',
    data: { object },
  };
  const body = Buffer.from(JSON.stringify(event));
  const time = Math.floor(Date.now() / 1_000);
  const signature = createHmac('sha256', WEBHOOK_SECRET).update(`${time}.`).update(body);
  return {
    path: `/v1/ingress/${providerAccountId}`,
    body,
    headers: {
      'content-type': 'application/json',
      'stripe-signature': `t=${time},v1=${signature.digest('hex')}`,
    },
  };
}

const METADATA = Object.fromEntries(
  Array.from({ length: 20 }, (_, index) => [`note_${index}`, 'x'.repeat(80)]),
);
