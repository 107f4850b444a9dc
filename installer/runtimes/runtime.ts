// What the engine asks of a runtime (process, container, Helm): its steps, its way back, and what it sees.

import type { Step } from '../engine/step.ts';
import type { Change } from './home/change.ts';

export interface Runtime {
  /** A release and a configuration, in words. */
  target: string;
  /** For journal and lock. */
  stateDir: string;
  steps: readonly Step[];
  /** For the server that runs; null where the runtime's own means decide (Helm). */
  change: Change | null;
  /** Takes the runtime away; the data stays. */
  removal: readonly Step[];
  /** Starts again what served before, and waits until it is well. */
  settle(): Promise<void>;
  look(): Promise<RuntimeState>;
}

export interface RuntimeState {
  installed: boolean;
  running: boolean;
  /** What was applied, and what appliance.yaml and the release at hand would make of it. */
  applied: string | null;
  wanted: string;
  detail: string;
}

export interface RuntimeOptions {
  /** The folder of the release to install. */
  releaseDir: string;
  /** How long a new release must stay well before it counts as serving. */
  soakMs: number;
  /** How long it may take to get ready. */
  startLimitMs: number;
}
