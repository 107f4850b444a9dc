// The library's exact search behind two functions, of values and of steps (coarse.ts); they block their thread.
// It ignores the byteOffset of a view without a word (usearch 2.26: another person would be found), so
// data must start at its buffer's first byte and the query is copied. A self-test proves it at start.

import { coarsen } from './coarse.ts';
import { scan, type Hit } from './scan.ts';

type Values = Float32Array | Int8Array;

interface Wanted {
  rows: number;
  k: number;
}

export type Kernel = (data: Float32Array, query: Float32Array, wanted: Wanted) => Hit[];

/** The k rows of highest inner product of steps, best first; what it says are exact integers. */
export type CoarseKernel = (steps: Int8Array, query: Int8Array, wanted: Wanted) => Hit[];

export interface LoadedKernel {
  name: 'usearch' | 'loop';
  kernel: Kernel;
  /** Null: only the plain loop is to be had. */
  coarse: CoarseKernel | null;
  /** Why it is the loop; null when it is not. */
  trouble: string | null;
}

export async function loadKernel(): Promise<LoadedKernel> {
  try {
    const { exactSearch, MetricKind } = await import('usearch');
    const nearest = (data: Values, query: Values, { rows, k }: Wanted): Hit[] => {
      if (data.byteOffset !== 0) throw new Error('Invariant broken: a view with an offset');
      if (rows === 0) return [];
      const found = exactSearch(
        data.subarray(0, rows * query.length),
        query.slice(),
        query.length,
        Math.min(k, rows),
        MetricKind.IP,
        1,
      );
      return Array.from(found.keys, (key, index) => ({
        row: Number(key),
        score: 1 - (found.distances[index] ?? 1),
      }));
    };
    const kernel: Kernel = nearest;
    const coarse: CoarseKernel = nearest;
    const trouble = selfTest(kernel) ?? selfTestCoarse(coarse);
    if (trouble !== null) return { ...LOOP, trouble };
    return { name: 'usearch', kernel, coarse, trouble: null };
  } catch (error) {
    return { ...LOOP, trouble: String(error) };
  }
}

export const LOOP: LoadedKernel = { name: 'loop', kernel: scan, coarse: null, trouble: null };

const ROWS = 97;
const DIMENSIONS = 33;
const SCORE_TOLERANCE = 1e-3;

/** Every row finds itself first, and the same rows follow as by the loop. */
export function selfTest(kernel: Kernel): string | null {
  const data = drawRows();
  for (let row = 0; row < ROWS; row += 1) {
    const query = data.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    const found = kernel(data, query, { rows: ROWS, k: 3 });
    const expected = scan(data, query, { rows: ROWS, k: 3 });
    const differs =
      found.length !== expected.length ||
      found[0]?.row !== row ||
      found.some((hit, place) => {
        const other = expected[place];
        return other === undefined || Math.abs(hit.score - other.score) > SCORE_TOLERANCE;
      });
    if (differs) return `the self-test failed at row ${row} of ${ROWS}`;
  }
  return null;
}

/** The same of steps: every score is the integer itself. */
export function selfTestCoarse(kernel: CoarseKernel): string | null {
  const steps = new Int8Array(new SharedArrayBuffer(ROWS * DIMENSIONS));
  coarsen(drawRows(), steps, 400);
  const floats = Float32Array.from(steps);
  for (let row = 0; row < ROWS; row += 1) {
    const at = [row * DIMENSIONS, (row + 1) * DIMENSIONS] as const;
    const found = kernel(steps, steps.subarray(...at), { rows: ROWS, k: 5 });
    const expected = scan(floats, floats.subarray(...at), { rows: ROWS, k: 5 });
    const scores = (hits: readonly Hit[]): string => hits.map(({ score }) => score).join();
    if (scores(found) !== scores(expected)) return `the coarse self-test failed at row ${row}`;
  }
  return null;
}

function drawRows(): Float32Array {
  const data = new Float32Array(new SharedArrayBuffer(ROWS * DIMENSIONS * 4));
  // Any fixed numbers without a pattern; a multiplicative generator is enough.
  let state = 12_345;
  for (let index = 0; index < data.length; index += 1) {
    state = (state * 48_271) % 2_147_483_647;
    data[index] = state / 2_147_483_647 - 0.5;
  }
  normalizeRows(data);
  return data;
}

function normalizeRows(data: Float32Array): void {
  for (let row = 0; row < ROWS; row += 1) {
    const vector = data.subarray(row * DIMENSIONS, (row + 1) * DIMENSIONS);
    const length = Math.hypot(...vector);
    for (const [index, value] of vector.entries()) vector[index] = value / length;
  }
}
