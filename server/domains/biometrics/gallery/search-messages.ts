// What the pool and its worker threads say to each other.

import type { Part } from './matrix.ts';
import type { Hit } from './scan.ts';

export interface SearchJob {
  id: number;
  query: Float32Array;
  parts: readonly Part[];
  k: number;
}

export interface SearchAnswer {
  id: number;
  hits: readonly Hit[];
  failure: string | null;
}

export interface WorkerReady {
  ready: true;
  kernel: 'usearch' | 'loop';
  /** Why the library is not used. */
  trouble: string | null;
}
