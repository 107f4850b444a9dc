// A decision at the door: from the terminal's question to its answer, over TLS, with the search among all
// templates and everything that is written for a payment; beside a bare search and the same SQL, called
// directly in one thread.

import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { quantile } from '../../scripts/measure/quantile.ts';
import { createCamera } from '../../simulators/terminal/camera.ts';
import type { Statement } from '../counting/count-calls.ts';
import { countCosts, describeCosts, readCounts } from '../counting/costs.ts';
import { claimDoor, type Door, openDoor, type Probe } from '../load/door-load.ts';
import type { Context, Measure, Result } from '../measure.ts';
import { alone, atMost, compare, ratioAtMost } from '../result.ts';
import { alternate, type Rounds } from '../rounds.ts';
import { copyFilled, type Filled, PAYERS } from '../subject/filled.ts';
import { writeMatrix } from '../subject/matrix-file.ts';
import { drawMatrix, drawProbes } from '../subject/population.ts';
import { startProcess, type Started } from '../subject/process.ts';
import { type Server, serverEnvironment, startServer } from '../subject/server.ts';
import { sqliteStore } from '../subject/store.ts';

const PROBES = 64;
const RECORDED = 5 * PAYERS;
const PEER = 'bare search + the same SQL, called directly';
const PEER_MS = 300_000;

export const decide: Measure = {
  name: 'decide',
  about: 'a decision at the door, SQLite',
  run: async (context) => {
    const results: Result[] = [];
    for (const templates of context.size.galleries) {
      context.log(`  ${templates} templates`);
      results.push(...(await among(context, templates)));
    }
    return results;
  },
};

interface Side {
  context: Context;
  filled: Filled;
  templates: number;
}

async function among(context: Context, templates: number): Promise<Result[]> {
  const side = { context, filled: await copyFilled(context, templates), templates };
  const { costs, decisionsFile } = await record(side);
  costs.push(await countPeer(side, decisionsFile));
  const rounds = await timed(side, decisionsFile);
  const at = `${templates.toLocaleString('en')} templates`;
  const note =
    'one question after another, over TLS; the server runs as `all`; the provider cannot be reached, so payments are accepted offline; one search thread, as by default';
  const p99 = rounds.p99.ours;
  return [
    compare(context, {
      measure: `decide p50, ${at}`,
      ...{ unit: 'ms', peerName: PEER, aim: ratioAtMost(1.5), note, rounds: rounds.p50, costs },
    }),
    compare(context, {
      measure: `decide p99, ${at}`,
      ...{ unit: 'ms', peerName: PEER, aim: ratioAtMost(2), note, rounds: rounds.p99 },
    }),
    alone(context, {
      measure: `decide p99 in itself, ${at}`,
      ...{ unit: 'ms', aim: atMost(30, 'ms'), note, values: p99 },
    }),
  ];
}

/** Counts what a decision costs, and keeps the statements of two of them for the peer. */
async function record(side: Side): Promise<{ costs: string[]; decisionsFile: string }> {
  const { context, filled } = side;
  const server = await start(side, 'statements');
  const decisionsFile = join(context.folder, 'decisions.json');
  try {
    const door = await openDoorOf(server, filled);
    const probes = probesOf(filled);
    await door.pay(2, probes);
    const store = sqliteStore(join(filled.dataDir, 'sallyport.db'));
    const operations = RECORDED;
    const costs = await countCosts({ ...server, store }, operations, async () => {
      await door.pay(operations, probes);
    });
    door.close();
    const { transactions } = await readCounts(server.pid, server.countsFile);
    writeFileSync(decisionsFile, JSON.stringify(decisionsIn(transactions)));
    return { costs: [describeCosts('ours', costs)], decisionsFile };
  } finally {
    await server.stop();
    // What a peer must not disturb, and what it begins with.
    copyFileSync(join(filled.dataDir, 'sallyport.db'), join(filled.dataDir, 'peer.db'));
  }
}

async function countPeer(side: Side, decisionsFile: string): Promise<string> {
  const peer = await startPeer(side, decisionsFile, { counts: 'calls' });
  try {
    const store = sqliteStore(join(side.filled.dataDir, 'peer.db'));
    const costs = await countCosts({ ...peer, store }, RECORDED, async () => {
      await askPeer(peer, RECORDED);
    });
    return describeCosts('peer', costs);
  } finally {
    await peer.stop();
  }
}

/** Two of each payer at least, so that what belongs to a person is known from what is new. */
function decisionsIn(transactions: readonly Statement[][]): Statement[][] {
  // A group may have committed something else together with one; that is no part of it.
  const decisions = transactions.filter(
    (statements) =>
      /insert into payment_decision/.test(statements[0]?.text ?? '') &&
      statements.some(({ text }) => /insert into payment\b/.test(text)) &&
      /update payment_decision/.test(statements.at(-1)?.text ?? ''),
  );
  if (decisions.length < 2 * PAYERS)
    throw new Error(`Expected ${2 * PAYERS} recorded decisions, found ${decisions.length}.`);
  return decisions;
}

async function timed(side: Side, decisionsFile: string): Promise<{ p50: Rounds; p99: Rounds }> {
  const { context, filled } = side;
  const server = await start(side, undefined);
  const peer = await startPeer(side, decisionsFile);
  const seen = { p50: { ours: [], peer: [] }, p99: { ours: [], peer: [] } } as {
    p50: { ours: number[]; peer: number[] };
    p99: { ours: number[]; peer: number[] };
  };
  const { rounds, samples } = context.size;
  const keep = (who: 'ours' | 'peer', tookMs: readonly number[]): number => {
    seen.p50[who].push(quantile(tookMs, 0.5));
    seen.p99[who].push(quantile(tookMs, 0.99));
    return 0;
  };
  try {
    const door = await openDoorOf(server, filled);
    const probes = probesOf(filled);
    await alternate(
      rounds,
      async () => keep('ours', await door.pay(samples, probes)),
      async () => keep('peer', await askPeer(peer, samples)),
    );
    door.close();
  } finally {
    await Promise.all([server.stop(), peer.stop()]);
  }
  // The first of each warmed up.
  for (const { ours, peer: theirs } of Object.values(seen)) {
    ours.shift();
    theirs.shift();
  }
  return seen;
}

function start(
  { context: { root, folder }, filled: { dataDir } }: Side,
  counts: 'statements' | undefined,
): Promise<Server> {
  const env = serverEnvironment(dataDir, {
    // The same few people pay all the time.
    PAYMENTS_ONLINE_LIMIT_PERSON_OPEN_MINOR: 100_000_000,
    PAYMENTS_OFFLINE_LIMIT_PERSON_OPEN_MINOR: 100_000_000,
    PAYMENTS_OFFLINE_LIMIT_PERSON_DAY_MINOR: 100_000_000,
    PAYMENTS_OFFLINE_LIMIT_TERMINAL_OPEN_MINOR: 100_000_000,
    PAYMENTS_OFFLINE_LIMIT_SITE_OPEN_MINOR: 100_000_000,
  });
  const counting = counts === undefined ? {} : { counts };
  return startServer({ root, folder, dataDir, env, role: 'all', ...counting });
}

function startPeer(
  { context, filled, templates }: Side,
  decisionsFile: string,
  counting: { counts?: 'calls' } = {},
): Promise<Started> {
  const { root, folder } = context;
  const files = { matrixFile: join(folder, 'matrix'), probesFile: join(folder, 'probes') };
  const matrix = drawMatrix(templates);
  writeMatrix(files.matrixFile, matrix);
  writeMatrix(files.probesFile, drawProbes(matrix, PROBES));
  const address = { file: join(filled.dataDir, 'peer.db') };
  return startProcess({
    ...{ root, folder, name: 'peer', script: 'bench/peers/decide-main.ts' },
    ...counting,
    args: [JSON.stringify({ address, decisionsFile, ...files })],
  });
}

async function askPeer({ child }: Started, count: number): Promise<number[]> {
  let isNew = false;
  const answer = child.line((line) => isNew && line['tookMs'] !== undefined, 'results', PEER_MS);
  isNew = true;
  child.tell({ count });
  return (await answer)['tookMs'] as number[];
}

async function openDoorOf(server: Server, { siteId }: Filled): Promise<Door> {
  const device = await claimDoor(server.client, server.gateway, siteId);
  return openDoor(server.gateway, device);
}

function probesOf({ payers }: Filled): Probe[] {
  const camera = createCamera({ seed: 'bench' });
  return payers.map(({ seed }) => ({ ...camera.capture(seed) }));
}
