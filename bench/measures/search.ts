// 1:N alone: our gallery with its search threads beside usearch's exact search called bare, with as many
// threads; and whether both find whom a plain loop over all rows finds.

import { join } from 'node:path';
import { quantile } from '../../scripts/measure/quantile.ts';
import type { Context, Measure, Result } from '../measure.ts';
import { alone, compare, ratioAtLeast } from '../result.ts';
import { alternate } from '../rounds.ts';
import { DIMENSIONS, writeMatrix } from '../subject/matrix-file.ts';
import { drawMatrix, drawProbes } from '../subject/population.ts';
import { type Started, startProcess } from '../subject/process.ts';

/** `identification.workers` by default. */
const WORKERS = 1;
const PROBES = 64;
const SEARCH_MS = 120_000;

export const search: Measure = {
  name: 'search',
  about: '1:N search alone, and its recall',
  run: async (context) => {
    const results: Result[] = [];
    for (const templates of context.size.galleries) {
      context.log(`  ${templates} templates`);
      results.push(...(await among(context, templates)));
    }
    return results;
  },
};

interface Searched {
  tookMs: number[];
  found: number[];
}

async function among(context: Context, templates: number): Promise<Result[]> {
  const { root, folder, size } = context;
  const matrixFile = join(folder, `matrix-${templates}`);
  const probesFile = join(folder, `probes-${templates}`);
  const matrix = drawMatrix(templates);
  const queries = drawProbes(matrix, PROBES);
  writeMatrix(matrixFile, matrix);
  writeMatrix(probesFile, queries);
  const args = [JSON.stringify({ matrixFile, probesFile, workers: WORKERS })];
  const base = { root, folder, args };
  const ours = await startProcess({
    ...base,
    name: 'ours',
    script: 'bench/subject/gallery-main.ts',
  });
  const peer = await startProcess({ ...base, name: 'peer', script: 'bench/peers/search-main.ts' });
  if (ours.ready['kernel'] !== 'usearch') throw new Error('Our search does not use the library.');
  let foundByUs: readonly number[] = [];
  const perSecond = async (side: Started): Promise<number> => {
    const { tookMs, found } = await ask(side, size.samples);
    if (side === ours) foundByUs = found;
    return 1_000 / quantile(tookMs, 0.5);
  };
  try {
    const rounds = await alternate(
      size.rounds,
      () => perSecond(ours),
      () => perSecond(peer),
    );
    const at = `${templates.toLocaleString('en')} templates`;
    return [
      compare(context, {
        measure: `1:N search, ${at}`,
        unit: 'per second',
        peerName: 'usearch exact, bare',
        aim: ratioAtLeast(0.9),
        note: `one after another, ${WORKERS} thread on both sides; from the median of each round`,
        rounds,
      }),
      alone(context, {
        measure: `1:N recall, ${at}`,
        unit: 'share',
        aim: { text: '1.00 of a plain loop', holds: ({ ours: share }) => share === 1 },
        note: `${Math.min(PROBES, size.samples)} probes of enrolled people, against a loop over all rows`,
        values: [recall(matrix, queries, foundByUs)],
      }),
    ];
  } finally {
    await Promise.all([ours.stop(), peer.stop()]);
  }
}

async function ask({ child }: Started, count: number): Promise<Searched> {
  let isNew = false;
  const answer = child.line((line) => isNew && line['tookMs'] !== undefined, 'results', SEARCH_MS);
  isNew = true;
  child.tell({ count });
  return (await answer) as unknown as Searched;
}

/** The share of probes whose best row is the one that a plain loop over all rows finds. */
function recall(matrix: Float32Array, queries: Float32Array, found: readonly number[]): number {
  const asked = Math.min(PROBES, found.length);
  let right = 0;
  for (let probe = 0; probe < asked; probe += 1) {
    const query = queries.subarray(probe * DIMENSIONS, (probe + 1) * DIMENSIONS);
    if (bestRow(matrix, query) === found[probe]) right += 1;
  }
  return right / asked;
}

function bestRow(matrix: Float32Array, query: Float32Array): number {
  let best = { row: -1, score: Number.NEGATIVE_INFINITY };
  for (let row = 0; row < matrix.length / DIMENSIONS; row += 1) {
    let score = 0;
    for (let index = 0; index < DIMENSIONS; index += 1)
      score += (matrix[row * DIMENSIONS + index] ?? 0) * (query[index] ?? 0);
    if (score > best.score) best = { row, score };
  }
  return best.row;
}
