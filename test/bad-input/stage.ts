// What every case finds when it is sent.

import type { ClaimedDevice, Line } from './device-client.ts';

export interface Stage {
  api: string;
  gateway: string;
  apiKey: string;
  /** The appliance's own OpenAPI document: every answer is held against it. */
  document: Readonly<Record<string, unknown>>;
  /** The appliance's own environment: what a second process of it would be started with. */
  serverEnv: Readonly<Record<string, string>>;
  nodeId: string;
  personId: string;
  foreignPersonId: string;
  foreignNodeId: string;
  spentIdempotencyKey: string;
  readOnlyKey: string;
  ingress: Readonly<Record<'stripe' | 'veriff', string>>;
  secrets: { stripeWebhook: string; veriffSecret: string };
  device: ClaimedDevice;
  /** The device's line; opened anew for each case that asks for it. */
  line: Line;
  /** How many lines it has opened so far. */
  linesOpened: number;
  /** A claim code that nobody has used. */
  openClaimCode: string;
}
