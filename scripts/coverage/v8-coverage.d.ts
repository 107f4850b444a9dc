// The package ships no types of its own; these are V8's records and the one function we call.

declare module '@bcoe/v8-coverage' {
  import type { Profiler } from 'node:inspector';

  export type ScriptCov = Profiler.ScriptCoverage;

  export interface ProcessCov {
    result: ScriptCov[];
  }

  export function mergeProcessCovs(processes: ProcessCov[]): ProcessCov;
}
