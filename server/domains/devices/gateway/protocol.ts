// The words and numbers of dgw.1 (docs/device-protocol.md §10 and §11) in one place.

export const SUBPROTOCOL = 'dgw.1.json';
export const PATH = '/v1/devices/connect';

export const CLOSE = {
  claimed: 1000,
  internal: 4004,
  replaced: 4009,
  positionInvalid: 4010,
  tooMuch: 4013,
  authDeadline: 4101,
  badSignature: 4500,
  malformed: 4501,
  unsupported: 4502,
  barred: 4503,
  claimRefused: 4504,
  abuse: 4506,
} as const;

export const LIMITS = {
  /** Before `welcome` nobody may make us parse more. */
  authFrameBytes: 8_192,
  eventsPerFrame: 64,
  eventBytes: 8_192,
  eventDepth: 8,
  asksOpen: 4,
  callsOpen: 8,
  framesPerSecond: 200,
  framesBurst: 400,
  resultBytes: 65_536,
  /** Below a deadline of 100 ms nothing can be decided over a network. */
  deadlineMsMin: 100,
  /** Refused claims of one address in a minute. */
  claimRefusalsPerMinute: 10,
  /** Events of all devices that may wait for the database; beyond, credits are withheld. */
  ingestQueueEvents: 20_000,
  /** Events of one transaction. A question may wait behind one on SQLite: 2,000 double the rate of a
   * backlog (46 against 22 thousand events a second here) and triple the wait of questions. */
  ingestBatchEvents: 256,
} as const;
