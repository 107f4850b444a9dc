// What can be set about the inbox, each with its unit and the reason of its default.

export interface InboxSettings {
  bodyBytesMax: number;
  /** Between the signed time and the time of receipt, in both directions. */
  skewMaxMs: number;
  /** Refused webhooks kept per account and day, and how much of each. */
  quarantineMax: number;
  quarantineBytesMax: number;
  /** How often a provider's events are listed, whether or not webhooks come. */
  pollEveryMs: number;
  /** Pages of one poll; the next poll goes on where this one stopped. */
  pollPagesMax: number;
}

export const INBOX_DEFAULTS: InboxSettings = {
  bodyBytesMax: 1024 * 1024,
  skewMaxMs: 300_000, // what providers' own libraries allow
  quarantineMax: 200,
  quarantineBytesMax: 64 * 1024,
  pollEveryMs: 60_000,
  pollPagesMax: 50,
};
