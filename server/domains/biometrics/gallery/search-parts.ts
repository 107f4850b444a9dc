// One search over parts of a gallery, on whatever thread it is called: it blocks that one. Reads a quarter of the
// bytes: sorts all rows by their steps, then works out the true scores from the top down until no row below can
// be better. Nobody is left out; the answer is that of the full search.

import { type Coarsened, coarsen, errorBound, LOST_MAX, scaleOf } from './coarse.ts';
import type { CoarseKernel, Kernel, LoadedKernel } from './kernel.ts';
import type { Part } from './matrix.ts';
import { type Hit, innerProduct } from './scan.ts';

export interface Search {
  query: Float32Array;
  parts: readonly Part[];
  k: number;
}

export interface Searched {
  /** The k rows of highest inner product of all parts, best first. */
  hits: Hit[];
  /** Why the library is not to be believed; null when nothing speaks against it. */
  doubt: string | null;
}

type Kernels = Pick<LoadedKernel, 'kernel' | 'coarse'>;

export function searchParts(kernels: Kernels, { query, parts, k }: Search): Searched {
  const steps = new Int8Array(query.length);
  const coarsened = coarsen(query, steps, scaleOf(query.length));
  const asked = { query, steps, coarsened, k };
  // Of all parts: what one has found, the next need not come near.
  const best: Hit[] = [];
  let doubt: string | null = null;
  for (const part of parts) {
    const found = inSteps(kernels.coarse, { part, asked, best });
    if (found === 'unsettled') inValues(kernels.kernel, { part, asked, best });
    else doubt ??= found.doubt;
  }
  return { hits: best, doubt };
}

interface Asked {
  query: Float32Array;
  steps: Int8Array;
  coarsened: Coarsened;
  k: number;
}

function inValues(kernel: Kernel, of: { part: Part; asked: Asked; best: Hit[] }): void {
  const { part, best } = of;
  const { query, k } = of.asked;
  const values = new Float32Array(part.memory, 0, part.rows * query.length);
  for (const { row, score } of kernel(values, query, { rows: part.rows, k }))
    insert(best, { row: part.firstRow + row, score }, k);
}

/** Rows asked for, for each that is wanted: where many score alike the first do not suffice. */
const COARSE_PER_ROW = [32, 256];

/** Unsettled: its values must be read. Nothing is left in `best` then. */
function inSteps(
  kernel: CoarseKernel | null,
  of: { part: Part; asked: Asked; best: Hit[] },
): 'unsettled' | Pick<Searched, 'doubt'> {
  const { best } = of;
  const { firstRow, memory, rows, coarse } = of.part;
  const { query, steps, coarsened, k } = of.asked;
  if (kernel === null || coarse === null || coarsened.lost > LOST_MAX) return 'unsettled';
  const dimensions = query.length;
  const values = new Float32Array(memory, 0, rows * dimensions);
  const rough = new Int8Array(coarse.memory, 0, rows * dimensions);
  const bound = errorBound(coarse.worst, coarsened);
  const unit = 1 / (coarse.scale * coarse.scale);
  const before = [...best];
  for (const perRow of COARSE_PER_ROW) {
    const found = kernel(rough, steps, { rows, k: perRow * k });
    for (const { row, score: product } of found) {
      const about = product * unit;
      // Neither this row nor any after it, found or not, is among the best.
      if (best.length === k && about + bound < (best.at(-1)?.score ?? 0)) return SURE;
      const score = innerProduct(values, row * dimensions, query);
      if (Math.abs(score - about) <= bound) insert(best, { row: firstRow + row, score }, k);
      // Or it is erased while this search runs.
      else if (!isErased(rough, row, dimensions))
        return { doubt: `${about} was found where ${score} is right, at most ${bound} from it` };
    }
    if (found.length === rows) return SURE;
    // Once more from the top: equal ones may come in another order.
    best.splice(0, best.length, ...before);
  }
  return 'unsettled';
}

const SURE = { doubt: null };

function insert(best: Hit[], hit: Hit, k: number): void {
  let place = best.length;
  while (place > 0 && (best[place - 1]?.score ?? 0) < hit.score) place -= 1;
  best.splice(place, 0, hit);
  if (best.length > k) best.pop();
}

function isErased(rough: Int8Array, row: number, dimensions: number): boolean {
  return rough.subarray(row * dimensions, (row + 1) * dimensions).every((step) => step === 0);
}
