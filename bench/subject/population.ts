// SYNTHETIC. People with one template each, imported through the API, and their vectors for the bare peers.

import type { Server } from './server.ts';
import { waitFor } from '../../installer/story/narrator.ts';
import { populationLines, personSeedOf } from '../../simulators/terminal/population.ts';
import { createCamera } from '../../simulators/terminal/camera.ts';

export const SEED = 7;
export const DIMENSIONS = 512;
/** As many as an import's time-out surely allows. */
const CHUNK = 10_000;

/** Lines are dear to draw: kept for the measures that follow. */
const lines: string[] = [];

export function populationOf(count: number): readonly string[] {
  if (lines.length < count) {
    lines.length = 0;
    for (const line of populationLines({ count, seed: SEED, bad: 0 })) lines.push(line);
  }
  return lines.slice(0, count);
}

export async function importPopulation({ client }: Server, count: number): Promise<void> {
  const all = populationOf(count);
  for (let from = 0; from < count; from += CHUNK) {
    const text = `${all.slice(from, from + CHUNK).join('\n')}\n`;
    await client.postLines('/v1/people/import', text);
  }
  await waitFor({
    what: 'the gallery',
    read: () => client.get<{ data: { size: number }[] }>('/v1/galleries'),
    until: (galleries) => (galleries.data[0]?.size ?? 0) >= count,
  });
}

/** The same vectors as the templates, in one matrix. */
export function matrixOf(count: number): Float32Array {
  const memory = new SharedArrayBuffer(count * DIMENSIONS * 4);
  const matrix = new Float32Array(memory);
  for (const [row, line] of populationOf(count).entries()) {
    const { templates } = JSON.parse(line) as { templates: { vector: string }[] };
    matrix.set(vectorOf(templates[0]?.vector ?? ''), row * DIMENSIONS);
  }
  return matrix;
}

/** Somebody of the population before a camera. */
export function probes(count: number, population: number): { vector: string; quality: number }[] {
  const camera = createCamera({ seed: 'bench' });
  return Array.from({ length: count }, (_, index) => {
    const person = (index * 7919) % population;
    const { vector, quality } = camera.capture(personSeedOf(SEED, person));
    return { vector, quality };
  });
}

export function vectorOf(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}
