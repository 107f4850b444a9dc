// The nearest known name to a misspelt one. Pure.

/** No known name is half as long; the cost of a comparison grows with the length. */
const NAME_CHARACTERS_MAX = 200;

/** Null when nothing is near enough to be worth saying. */
export function nearest(name: string, known: Iterable<string>): string | null {
  if (name.length > NAME_CHARACTERS_MAX) return null;
  let best: string | null = null;
  let bestCost = Math.max(2, Math.floor(name.length / 4)) + 1;
  for (const candidate of known) {
    const cost = candidate.endsWith(`.${name}`) ? 1 : distance(name, candidate);
    if (cost < bestCost) {
      best = candidate;
      bestCost = cost;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let above = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const same = a[row - 1] === b[column - 1] ? 0 : 1;
      let cost = Math.min(
        at(above, column) + 1,
        at(current, column - 1) + 1,
        at(above, column - 1) + same,
      );
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) {
        cost = Math.min(cost, at(before, column - 2) + 1);
      }
      current.push(cost);
    }
    before = above;
    above = current;
  }
  return at(above, b.length);
}

function at(line: readonly number[], index: number): number {
  return line[index] ?? Number.POSITIVE_INFINITY;
}
