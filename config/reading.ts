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
  /** Files that were read, or would have been: a change of one may change what this source says. */
  readonly files: readonly string[];
  /** Not there, not YAML or given up: what it would have said is not known. */
  readonly unreadable: boolean;
}

/** More than anybody mends in one go; a file that is something else altogether is not read to its end. */
const PROBLEMS_MAX = 100;

export class LayerBuilder implements Layer {
  readonly readings: Reading[] = [];
  readonly problems: ConfigProblem[] = [];
  readonly warnings: string[] = [];
  readonly files: string[] = [];
  unreadable = false;

  get isFull(): boolean {
    return this.problems.length > PROBLEMS_MAX;
  }

  refuse(problem: ConfigProblem): void {
    if (this.isFull) return;
    this.problems.push(problem);
    if (this.problems.length < PROBLEMS_MAX) return;
    const expected = `fewer than ${PROBLEMS_MAX} mistakes`;
    this.problems.push({
      source: problem.source,
      path: '',
      expected,
      found: 'more; the rest is not shown',
    });
    this.unreadable = true;
  }

  warn(warning: string | null): void {
    if (warning !== null && !this.warnings.includes(warning)) this.warnings.push(warning);
  }
}
