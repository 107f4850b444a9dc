// From files to rooms: at which door a file lives, and which rooms import which.

import type { Import } from './imports.ts';

/** The big rooms of the house: what the first picture shows. */
export function houseRoom(file: string): string {
  const [top = '', second = ''] = file.split('/');
  if (top === 'server') return second.endsWith('.ts') ? 'server/*.ts' : `server/${second}`;
  return top === 'simulators' && !second.endsWith('.ts') ? `simulators/${second}` : top;
}

/** The domain of a file, or null when it is of none. */
export function domainOf(file: string): string | null {
  return /^server\/domains\/([^/]+)\//.exec(file)?.[1] ?? null;
}

/** The platform room of a file; `deps.ts` beside them is the word all share, and none of them. */
export function platformRoomOf(file: string): string | null {
  return /^server\/platform\/([^/]+)\//.exec(file)?.[1] ?? null;
}

export interface Edge {
  from: string;
  to: string;
}

/** Each pair of rooms once, in order; imports within a room are its own affair. */
export function edgesBetween(
  imports: readonly Import[],
  roomOf: (file: string) => string | null,
  targetOf: (file: string) => string | null = roomOf,
): Edge[] {
  const found = new Map<string, Edge>();
  for (const { from, to } of imports) {
    const edge = { from: roomOf(from), to: targetOf(to) };
    if (edge.from === null || edge.to === null || edge.from === edge.to) continue;
    found.set(`${edge.from} ${edge.to}`, { from: edge.from, to: edge.to });
  }
  return [...found.entries()].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, edge]) => edge);
}
