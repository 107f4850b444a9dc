// The peer of a search: usearch's exact search on one matrix, called bare in the main thread.

import { createInterface } from 'node:readline';
import { exactSearch, MetricKind } from 'usearch';
import { DIMENSIONS, readMatrix } from '../subject/matrix-file.ts';

const { matrixFile, probesFile, workers } = JSON.parse(process.argv[2] ?? '{}') as {
  matrixFile: string;
  probesFile: string;
  workers: number;
};
const matrix = readMatrix(matrixFile);
const probes = readMatrix(probesFile);
/** A decision needs the best person and the next. */
const BEST = 2;

createInterface({ input: process.stdin }).on('line', (line) => {
  const { count } = JSON.parse(line) as { count: number };
  console.log(JSON.stringify(run(count)));
});
console.log(JSON.stringify({ ready: true }));
process.on('SIGTERM', () => process.exit(0));

function run(count: number): { tookMs: number[]; found: number[] } {
  const tookMs: number[] = [];
  const found: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const at = (turn * DIMENSIONS) % probes.length;
    const query = probes.slice(at, at + DIMENSIONS);
    const from = performance.now();
    const { keys } = exactSearch(matrix, query, DIMENSIONS, BEST, MetricKind.IP, workers);
    tookMs.push(performance.now() - from);
    found.push(Number(keys[0] ?? -1));
  }
  return { tookMs, found };
}
