// Exact search by a plain loop: what the library's answer is checked against, and what takes its place
// where the library cannot be loaded. About three times slower, equally right.

export interface Hit {
  row: number;
  score: number;
}

/** The k rows of highest inner product, best first. */
export function scan(
  data: Float32Array,
  query: Float32Array,
  { rows, k }: { rows: number; k: number },
): Hit[] {
  const dimensions = query.length;
  const best: Hit[] = [];
  for (let row = 0; row < rows; row += 1) {
    const score = innerProduct(data, row * dimensions, query);
    if (best.length === k && score <= (best.at(-1)?.score ?? 0)) continue;
    insertSorted(best, { row, score });
    if (best.length > k) best.pop();
  }
  return best;
}

/** Merges lists that are sorted best first. */
export function mergeHits(lists: readonly (readonly Hit[])[], k: number): Hit[] {
  return lists
    .flat()
    .toSorted((a, b) => b.score - a.score)
    .slice(0, k);
}

/** In double precision; four sums, so that additions need not wait for each other. */
export function innerProduct(data: Float32Array, start: number, query: Float32Array): number {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  let index = 0;
  for (; index + 3 < query.length; index += 4) {
    a += (data[start + index] as number) * (query[index] as number);
    b += (data[start + index + 1] as number) * (query[index + 1] as number);
    c += (data[start + index + 2] as number) * (query[index + 2] as number);
    d += (data[start + index + 3] as number) * (query[index + 3] as number);
  }
  for (; index < query.length; index += 1) {
    a += (data[start + index] as number) * (query[index] as number);
  }
  return a + b + c + d;
}

function insertSorted(list: Hit[], hit: Hit): void {
  let place = list.length;
  while (place > 0 && (list[place - 1]?.score ?? 0) < hit.score) place -= 1;
  list.splice(place, 0, hit);
}
