// What the pool and its worker threads say to each other.

import type { Part } from './matrix.ts';

export interface SearchJob {
  id: number;
  query: Float32Array;
  parts: readonly Part[];
  k: number;
}

export interface SearchAnswer {
  id: number;
  /** Best first, with their scores beside them: two arrays of numbers are cheaper to hand over than objects. */
  rows: ArrayLike<number>;
  scores: ArrayLike<number>;
  /** Why the library is not to be believed. */
  doubt: string | null;
  failure: string | null;
}

export const NONE: ArrayLike<number> = [];

export interface WorkerReady {
  ready: true;
  kernel: 'usearch' | 'loop';
  /** Why the library is not used. */
  trouble: string | null;
}
