// The door of the outbox.

export { type Bell, createBell } from './bell.ts';
export type { BreakerState } from './breaker.ts';
export { deadLetterRoutes, type TellRetried } from './dead-letter-routes.ts';
export { listDeadLetters, replayDeadLetter } from './dead-letters.ts';
export type { DestinationHealth } from './destination.ts';
export { enqueue, type EnqueueDeps } from './enqueue.ts';
export {
  handler,
  type HandlerTable,
  type Message,
  type NewMessage,
  type OutboxHandler,
  type Prepared,
  type Sent,
  type Settled,
} from './handler.ts';
export { createOutboxMetrics, NO_METRICS, type OutboxMetrics } from './metrics.ts';
export { createOutbox, type Outbox, type OutboxOptions } from './outbox.ts';
export { type Schedule } from './schedules.ts';
export { sentOf } from './sent.ts';
export {
  DESTINATION_DEFAULTS,
  type DestinationSettings,
  OUTBOX_DEFAULTS,
  type OutboxSettings,
} from './settings.ts';
export type { Backlog } from './store-lanes.ts';
export type { DeadLetter } from './store-messages.ts';
