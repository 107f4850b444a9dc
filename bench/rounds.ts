// Rounds that alternate (ours, peer, ours, peer …), so that what the machine does to one it does to the
// other, and what is said of many of them: the median, with the least and the most beside it.

import { quantile } from '../scripts/measure/quantile.ts';

export interface Spread {
  median: number;
  min: number;
  max: number;
}

export interface Rounds {
  ours: readonly number[];
  peer: readonly number[];
}

/** The first round of each warms up and is not kept. */
export async function alternate(
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<Rounds> {
  await ours();
  await peer();
  const kept = { ours: [] as number[], peer: [] as number[] };
  for (let round = 0; round < rounds; round += 1) {
    kept.ours.push(await ours());
    kept.peer.push(await peer());
  }
  return kept;
}

export function spreadOf(values: readonly number[]): Spread {
  return {
    median: quantile(values, 0.5),
    min: Math.min(...values),
    max: Math.max(...values),
  };
}

/** Of each pair of neighbours: what slows the machine for a while slows both. */
export function ratiosOf({ ours, peer }: Rounds): number[] {
  return ours.map((value, round) => value / (peer[round] ?? Number.NaN));
}
