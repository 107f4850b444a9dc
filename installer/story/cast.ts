// The people and things of one telling, and where their ids are remembered between chapters.

import type { ApiClient } from './api-client.ts';
import type { StoryEnvironment } from './environment.ts';
import type { Narrator } from './narrator.ts';
import type { TerminalProcess } from './terminal-process.ts';
import type { TwinControl } from './twin-control.ts';

export interface Person {
  id: string;
  name: string;
  /** What the simulated camera draws from when this person stands before it. */
  seed: string;
}

export interface Stage {
  environment: StoryEnvironment;
  /** The checkout's or package's root, to start simulators and the verifier from. */
  root: string;
  api: ApiClient;
  narrator: Narrator;
  stripe: TwinControl;
  veriff: TwinControl;
  /** Different on every telling, so that a story can be replayed on the same appliance. */
  telling: string;
  organizationId: string;
  siteId: string;
  deviceId: string;
  terminal: TerminalProcess;
}

export interface Payment {
  id: string;
  status: string;
  amount: { amount: number; currency: string };
  operations: { id: string; kind: string; status: string; resolved_by: string | null }[];
}

export const CURRENCY = 'EUR';
