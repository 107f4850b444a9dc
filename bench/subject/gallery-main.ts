// Our 1:N search alone, as a process: the product's own gallery and search threads, filled with a matrix from a
// file. Searches what it is told to and says how long each took and whom it found.

import { createInterface } from 'node:readline';
import { setImmediate } from 'node:timers/promises';
import { createGallery } from '../../server/domains/biometrics/gallery/gallery.ts';
import { createSearchPool } from '../../server/domains/biometrics/gallery/search-pool.ts';
import { createLogger } from '../../server/platform/logging/logger.ts';
import { DIMENSIONS, readMatrix } from './matrix-file.ts';

const { matrixFile, probesFile, workers } = JSON.parse(process.argv[2] ?? '{}') as {
  matrixFile: string;
  probesFile: string;
  workers: number;
};
const log = createLogger({
  ...{ level: 'warn', role: 'bench', version: 'bench', commit: 'bench' },
  secretNames: new Set<string>(),
});
const matrix = readMatrix(matrixFile);
const probes = readMatrix(probesFile);
const pool = createSearchPool({ workers, log });
await pool.start();
const gallery = createGallery({ pool, galleryMax: 1_000_000, log });
const key = { orgId: 'org', modality: 'face' as const, extractor: 'synthetic-512/1' };
const rows = matrix.length / DIMENSIONS;
for (let row = 0; row < rows; row += 1) {
  const label = { templateId: `t${row}`, personId: String(row) };
  gallery.add(key, label, matrix.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS));
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { count } = JSON.parse(line) as { count: number };
  void run(count).then((said) => console.log(JSON.stringify(said)));
});
console.log(JSON.stringify({ ready: true, kernel: pool.kernel() }));
process.on('SIGTERM', () => process.exit(0));

async function run(count: number): Promise<{ tookMs: number[]; found: number[] }> {
  const tookMs: number[] = [];
  const found: number[] = [];
  for (let turn = 0; turn < count; turn += 1) {
    const at = (turn * DIMENSIONS) % probes.length;
    const query = probes.slice(at, at + DIMENSIONS);
    // As from a socket: each in a turn of its own.
    await setImmediate();
    const from = performance.now();
    const [best] = await gallery.search(key, query);
    tookMs.push(performance.now() - from);
    found.push(Number(best?.personId ?? -1));
  }
  return { tookMs, found };
}
