// What can be set about the outbox, each with its unit and the reason of its default.

export interface DestinationSettings {
  /** Exchanges open at the same time, of all organizations together. */
  inflightMax: number;
  /** Failures in a row that open the breaker. */
  failuresToOpen: number;
  /** The first pause of an open breaker; doubles with each failed probe. */
  openMs: number;
  openMsMax: number;
  /** How long one probe may hold the half-open breaker before another replica may try. */
  probeMs: number;
  /** A send that takes longer is aborted; its outcome is unknown. */
  sendTimeoutMs: number;
}

export const DESTINATION_DEFAULTS: DestinationSettings = {
  inflightMax: 16,
  failuresToOpen: 5,
  openMs: 2_000,
  openMsMax: 30_000, // the longest wait until a returned network is noticed
  probeMs: 90_000, // longer than a send and its settlement
  sendTimeoutMs: 60_000,
};

export interface OutboxSettings {
  leaseMs: number;
  renewMs: number;
  /** No send starts in the last part of a lease: a stall must stop dispatch before the lease ends. */
  leaseMarginMs: number;
  /** The truth behind the hints: how often every lane is looked at. */
  pollMs: number;
  fetchMax: number;
  /** Messages of one lane in memory; beyond it the lane is not read further until some have gone. */
  heldMax: number;
  /** Messages of one aggregate in memory; the rest is read again when these have gone. */
  aggregateHeldMax: number;
  backoffBaseMs: number;
  backoffCapMs: number;
  /** Retries before a message is dead. Doubts do not count: those are looked up for ever. */
  attemptsMax: number;
  /** Look-ups in a row without proof after which a person is told; again at each doubling. */
  doubtsToEscalate: number;
  /** A net under the marks: finding anything is a defect, and alarms. */
  sweepMs: number;
  markPersistMs: number;
  /** Attempt rows are history; the operations' own rows keep what matters. */
  attemptsKeptMs: number;
  /** After the deadline of a stop: how long aborted sends may still write down their outcome. */
  settleGraceMs: number;
}

export const OUTBOX_DEFAULTS: OutboxSettings = {
  leaseMs: 15_000,
  renewMs: 5_000,
  leaseMarginMs: 5_000,
  pollMs: 500,
  fetchMax: 500,
  heldMax: 5_000,
  aggregateHeldMax: 64,
  backoffBaseMs: 500,
  backoffCapMs: 300_000,
  attemptsMax: 20,
  doubtsToEscalate: 8,
  sweepMs: 60_000,
  markPersistMs: 5_000,
  attemptsKeptMs: 30 * 24 * 3_600_000,
  settleGraceMs: 2_000,
};
