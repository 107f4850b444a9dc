// The words of the benches: what a measure is, what one row of its result says, and how big a run is.

import type { Spread } from './rounds.ts';

/** One row of `--json`: the shape is fixed, for whoever compares runs. */
export interface Row {
  measure: string;
  /** Medians of the rounds. */
  ours: number;
  peer: number | null;
  peerName: string | null;
  /** Ours against the peer's, of the same run; null without a peer. */
  ratio: number | null;
  /** In words: `≥ 0.6 of the peer`. */
  aim: string;
  /** Null: nothing is asked of it, or the run was too small to judge. */
  met: boolean | null;
  unit: string;
}

/** A row and what is shown with it. */
export interface Result extends Row {
  spread: { ours: Spread; peer: Spread | null; ratio: Spread | null };
  /** What one operation costs on both sides, as text; empty when it was not counted. */
  costs: readonly string[];
  note: string;
}

/** How much is measured. `smoke` proves that every measure runs and judges nothing. */
export interface Size {
  name: 'full' | 'quick' | 'smoke';
  rounds: number;
  secondsPerRound: number;
  /** Operations of a round where each is timed alone. */
  samples: number;
  /** Templates in the galleries. */
  galleries: readonly number[];
  starts: number;
  countedOperations: number;
}

export interface Context {
  root: string;
  /** Of this measure alone; removed afterwards. */
  folder: string;
  size: Size;
  log(line: string): void;
}

export interface Measure {
  name: string;
  about: string;
  run(context: Context): Promise<Result[]>;
}

export const SIZES: Readonly<Record<Size['name'], Size>> = {
  full: {
    name: 'full',
    rounds: 7,
    secondsPerRound: 6,
    samples: 400,
    galleries: [10_000, 100_000],
    starts: 9,
    countedOperations: 320,
  },
  quick: {
    name: 'quick',
    rounds: 5,
    secondsPerRound: 2,
    samples: 150,
    galleries: [10_000, 100_000],
    starts: 5,
    countedOperations: 160,
  },
  smoke: {
    name: 'smoke',
    rounds: 1,
    secondsPerRound: 0.3,
    samples: 8,
    galleries: [100],
    starts: 1,
    countedOperations: 16,
  },
};
