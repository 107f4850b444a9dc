// The moments at which a rehearsal may stop this process, to kill it exactly there. In every profile but
// `drill` nothing calls them: compose.ts does not put the watchers of this room in place at all.

export const FAULT_POINTS = [
  /** Every statement of a transaction has run; its commit has not been asked for. */
  'transaction_open',
  /** The commit is durable; whoever waits for it has not been told. */
  'committed_unacknowledged',
  /** The last byte of a writing request was handed to the socket; no byte of a reply was looked at. */
  'request_written',
  /** The whole reply is in memory; nothing of it is written down. */
  'reply_read',
  /** Within the settling transaction: the outcome is written, the message is about to be deleted. */
  'settled_not_deleted',
] as const;

export type FaultPoint = (typeof FAULT_POINTS)[number];

export interface FaultPoints {
  /** Returns at once, unless this very point is wanted: then it blocks the whole process. */
  reached(point: FaultPoint, about: readonly string[]): void;
}
