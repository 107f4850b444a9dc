// From rounds to a result: medians, the ratio of neighbours, and whether the aim was met.

import type { Context, Result } from './measure.ts';
import { ratiosOf, type Rounds, spreadOf } from './rounds.ts';

export interface Aim {
  text: string;
  /** Null: report only. */
  holds: ((of: { ours: number; ratio: number }) => boolean) | null;
}

export interface Compared {
  measure: string;
  unit: string;
  peerName: string;
  aim: Aim;
  rounds: Rounds;
  costs?: readonly string[];
  note?: string;
}

export function compare({ size }: Pick<Context, 'size'>, of: Compared): Result {
  const spread = {
    ours: spreadOf(of.rounds.ours),
    peer: spreadOf(of.rounds.peer),
    ratio: spreadOf(ratiosOf(of.rounds)),
  };
  const [ours, ratio] = [spread.ours.median, spread.ratio.median];
  return {
    measure: of.measure,
    ours,
    peer: spread.peer.median,
    peerName: of.peerName,
    ratio,
    aim: of.aim.text,
    met: judge(size, of.aim, { ours, ratio }),
    unit: of.unit,
    spread,
    costs: of.costs ?? [],
    note: of.note ?? '',
  };
}

export function alone(
  { size }: Pick<Context, 'size'>,
  of: Omit<Compared, 'rounds' | 'peerName'> & { values: readonly number[] },
): Result {
  const ours = spreadOf(of.values);
  return {
    measure: of.measure,
    ours: ours.median,
    peer: null,
    peerName: null,
    ratio: null,
    aim: of.aim.text,
    met: judge(size, of.aim, { ours: ours.median, ratio: Number.NaN }),
    unit: of.unit,
    spread: { ours, peer: null, ratio: null },
    costs: of.costs ?? [],
    note: of.note ?? '',
  };
}

function judge(
  size: Context['size'],
  { holds }: Aim,
  of: { ours: number; ratio: number },
): boolean | null {
  return holds === null || size.name === 'smoke' ? null : holds(of);
}

export const REPORT: Aim = { text: 'report', holds: null };

export function ratioAtLeast(least: number): Aim {
  return { text: `≥ ${least} of the peer`, holds: ({ ratio }) => ratio >= least };
}

export function ratioAtMost(most: number): Aim {
  return { text: `≤ ${most} × the peer`, holds: ({ ratio }) => ratio <= most };
}

export function atMost(most: number, unit: string): Aim {
  return { text: `≤ ${most} ${unit}`, holds: ({ ours }) => ours <= most };
}
