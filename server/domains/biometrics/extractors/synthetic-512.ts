// SYNTHETIC. The extractor of the simulated camera: 512 dimensions, no picture behind them. Its
// calibration is not measured but worked out: the vectors of two different synthetic people are
// independent directions in 512 dimensions, whose cosine c has the density (1 − c²)^(509/2). Says nothing
// about real faces, whose scores have heavier tails.

import type { Extractor } from '../extractor.ts';

/** [score, share of comparisons of different people that reach it] */
const TAIL: readonly (readonly [number, number])[] = [
  [0.08, 3.511e-2],
  [0.09, 2.079e-2],
  [0.1, 1.175e-2],
  [0.11, 6.335e-3],
  [0.12, 3.253e-3],
  [0.13, 1.59e-3],
  [0.14, 7.393e-4],
  [0.15, 3.267e-4],
  [0.16, 1.371e-4],
  [0.17, 5.459e-5],
  [0.18, 2.061e-5],
  [0.19, 7.373e-6],
  [0.2, 2.497e-6],
  [0.21, 7.997e-7],
  [0.22, 2.42e-7],
  [0.23, 6.916e-8],
  [0.24, 1.864e-8],
  [0.25, 4.735e-9],
  [0.26, 1.132e-9],
  [0.27, 2.546e-10],
  [0.28, 5.376e-11],
  [0.29, 1.065e-11],
  [0.3, 1.978e-12],
  [0.31, 3.438e-13],
  [0.32, 5.583e-14],
  [0.33, 8.463e-15],
  [0.34, 1.195e-15],
  [0.35, 1.571e-16],
  [0.36, 1.918e-17],
  [0.37, 2.171e-18],
  [0.38, 2.275e-19],
  [0.39, 2.202e-20],
  [0.4, 1.965e-21],
];

export const SYNTHETIC_512: Extractor = {
  id: 'synthetic-512/1',
  modality: 'face',
  dimensions: 512,
  qualityMin: 40,
  calibration: TAIL.map(([score, falseMatchRate]) => ({ score, falseMatchRate })),
  calibrationSource: 'synthetic',
};
