// SYNTHETIC. As many people as a gallery needs, with one template each: directions drawn at random, as those of
// different people nearly are. Quick to draw; whoever must pay at a door comes from the simulated camera.

import { waitFor } from '../../installer/story/narrator.ts';
import { sleep } from '../../scripts/chaos/wait.ts';
import { DIMENSIONS } from './matrix-file.ts';
import type { Server } from './server.ts';

/** The cosine between a person's template and the same person before a camera. */
const SAME_PERSON_COSINE = 0.75;
/** Small enough for the time-out of a request on a busy machine. */
const CHUNK = 1_000;
const AFTER_DRAWING_MS = 20;
const SEED = 20_261_121;

/** The same for the same count: row after row. */
export function drawMatrix(count: number): Float32Array {
  const normal = normals(SEED);
  const matrix = new Float32Array(new SharedArrayBuffer(count * DIMENSIONS * 4));
  for (let row = 0; row < count; row += 1) matrix.set(direction(normal), row * DIMENSIONS);
  return matrix;
}

/** People of the matrix as a camera sees them. */
export function drawProbes(matrix: Float32Array, count: number): Float32Array {
  const normal = normals(SEED + 1);
  const rows = matrix.length / DIMENSIONS;
  const sine = Math.sqrt(1 - SAME_PERSON_COSINE ** 2);
  const probes = new Float32Array(new SharedArrayBuffer(count * DIMENSIONS * 4));
  for (let probe = 0; probe < count; probe += 1) {
    const row = (probe * 7_919) % rows;
    const person = matrix.slice(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    const noise = direction(normal);
    const seen = person.map((value, at) => SAME_PERSON_COSINE * value + sine * (noise[at] ?? 0));
    probes.set(normalized(seen), probe * DIMENSIONS);
  }
  return probes;
}

export async function importPopulation({ client }: Server, count: number): Promise<void> {
  const matrix = drawMatrix(count);
  for (let from = 0; from < count; from += CHUNK) {
    const rows = Array.from({ length: Math.min(CHUNK, count - from) }, (_, index) =>
      lineOf(matrix, from + index),
    );
    // Drawing held the event loop, and the server may have hung up meanwhile: that must be heard first.
    await sleep(AFTER_DRAWING_MS);
    const report = await client.postLines<{ imported: number }>(
      '/v1/people/import',
      `${rows.join('\n')}\n`,
    );
    if (report.imported !== rows.length)
      throw new Error(`Expected ${rows.length} imported, found ${JSON.stringify(report)}.`);
  }
  await waitFor({
    what: 'the gallery',
    read: () => client.get<{ data: { size: number }[] }>('/v1/galleries'),
    until: (galleries) => (galleries.data[0]?.size ?? 0) >= count,
  });
}

function lineOf(matrix: Float32Array, row: number): string {
  const vector = matrix.slice(row * DIMENSIONS, (row + 1) * DIMENSIONS);
  return JSON.stringify({
    external_ref: `bench-${row}`,
    display_name: `Ada Example ${row}`,
    consent: {
      purpose: 'biometric_identification',
      text_version: '2026-11/en',
      method: 'signature',
      given_at: '2026-11-01T08:00:00Z',
    },
    templates: [
      {
        modality: 'face',
        extractor: 'synthetic-512/1',
        vector: Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64'),
        quality: 90,
      },
    ],
  });
}

function direction(normal: () => number): Float32Array {
  return normalized(Float32Array.from({ length: DIMENSIONS }, normal));
}

function normalized(vector: Float32Array): Float32Array {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  return vector.map((value) => value / length);
}

/** mulberry32 and the sum of uniform numbers: near enough to normal for a direction. */
function normals(seed: number): () => number {
  let state = seed;
  const uniform = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  return () => uniform() + uniform() + uniform() + uniform() - 2;
}
