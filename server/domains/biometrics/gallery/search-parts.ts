// One search over parts of a gallery, on whatever thread it is called: it blocks that one.

import type { Kernel } from './kernel.ts';
import type { Part } from './matrix.ts';
import { type Hit, mergeHits } from './scan.ts';

/** The k rows of highest inner product of all parts, best first. */
export function searchParts(
  kernel: Kernel,
  { query, parts, k }: { query: Float32Array; parts: readonly Part[]; k: number },
): Hit[] {
  const lists = parts.map(({ memory, firstRow, rows }) =>
    kernel(new Float32Array(memory, 0, rows * query.length), query, { rows, k }).map(
      ({ row, score }) => ({ row: firstRow + row, score }),
    ),
  );
  return mergeHits(lists, k);
}
