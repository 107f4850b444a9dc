// What one delivery is and what it is told to: log and numbers. No SQL, no decisions.

import type { Logger } from 'pino';
import type { World } from '../../shared/world.ts';
import type { Databases } from '../database/database.ts';
import type { Destination } from './destination.ts';
import type { HandlerTable } from './handler.ts';
import type { OutboxMetrics } from './metrics.ts';
import type { OutboxSettings } from './settings.ts';
import type { ShardLease } from './shard-lease.ts';
import type { HeldShard } from './store-shards.ts';
import type { StoredMessage } from './stored-message.ts';

export interface DeliverDeps {
  databases: Databases;
  world: World;
  log: Logger;
  metrics: OutboxMetrics;
  lease: ShardLease;
  handlers: HandlerTable;
  settings: OutboxSettings;
  /** Aborted when a stop has waited long enough. */
  stopped: AbortSignal;
}

export interface Delivery {
  message: StoredMessage;
  lease: HeldShard;
  destination: Destination;
  /** The one probe of a half-open breaker: a failure is the destination's, not the message's. */
  probe: boolean;
}

/** `gone`: it left the outbox, or is another worker's now. Otherwise the message was changed in place
 * (`dueAt`, counters) and stays at the head of its aggregate. */
export type Verdict = 'gone' | 'again';

export function noteAttempt(
  { metrics, log }: DeliverDeps,
  { message, destination }: Delivery,
  { outcome, durationMs }: { outcome: string; durationMs: number },
): void {
  const { type, uid, orgId, traceId, attempts } = message;
  metrics.attempted({ type, destination: destination.id, outcome, durationMs });
  log.info(
    { type, uid, org: orgId, trace_id: traceId, attempts, outcome, duration_ms: durationMs },
    'outbox attempt',
  );
}

export function noteDeath(deps: DeliverDeps, { message }: Delivery, reason: string): void {
  deps.metrics.died(message.type);
  const { type, uid, pos } = message;
  deps.log.error({ type, uid, pos, reason }, 'an outbox message is dead; look at it and replay it');
}

/** At the limit and at each doubling of it, so that the log stays readable. */
export function escalate(deps: DeliverDeps, { message }: Delivery, reason: string): void {
  const times = message.doubts / deps.settings.doubtsToEscalate;
  if (times < 1 || !Number.isInteger(Math.log2(times))) return;
  deps.metrics.escalated(message.type);
  const { type, uid, doubts, state } = message;
  deps.log.error({ type, uid, state, doubts, reason }, 'an outbox message needs a person');
}
