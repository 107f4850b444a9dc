// One value read from somewhere, and what a source hands to the loader.

import type { ConfigProblem, Origin } from './problem.ts';

export interface Reading {
  readonly path: string;
  readonly value: unknown;
  readonly origin: Origin;
}

/** What one source (a file, the environment, options) says. Sources never throw for wrong input. */
export interface Layer {
  readonly readings: readonly Reading[];
  readonly problems: readonly ConfigProblem[];
  /** Things that work but that a person should change. */
  readonly warnings: readonly string[];
  /** A file that is not there or is not YAML: nothing is known of what it says. */
  readonly unreadable: boolean;
}

export class LayerBuilder implements Layer {
  readonly readings: Reading[] = [];
  readonly problems: ConfigProblem[] = [];
  readonly warnings: string[] = [];
  unreadable = false;
}
