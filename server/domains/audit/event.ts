// The noun: one event says that one thing changed, by whom. Written once, never changed.

import type { Instant } from '../../shared/world.ts';

export interface Actor {
  /** `api_key`, `device`, `system`, `provider` … */
  kind: string;
  /** The credential's, device's or provider account's id. */
  id: string;
}

export interface NewEvent {
  /** `noun.happened`, e.g. `payment.captured`. */
  type: string;
  subject: { kind: string; id: string };
  /** Where in the resource tree; the organization's root when nothing nearer is known. */
  nodeId?: string | null;
  actor: Actor;
  /** Ids, states, amounts. Never a template, a secret or a free text about a person. */
  data: Readonly<Record<string, unknown>>;
  traceId?: string | null;
}

export interface Event {
  pos: number;
  id: string;
  type: string;
  subject: { kind: string; id: string };
  nodeId: string | null;
  actor: Actor;
  data: Readonly<Record<string, unknown>>;
  traceId: string | null;
  createdAt: Instant;
}
