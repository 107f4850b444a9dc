// What can be set about the inbox, each with its unit and the reason of its default.

export interface InboxSettings {
  bodyBytesMax: number;
  /** How long before the time of receipt a signature may have been made, and how long after. */
  pastMaxMs: number;
  futureMaxMs: number;
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
  pastMaxMs: 300_000, // what providers' own libraries allow
  futureMaxMs: 300_000,
  quarantineMax: 200,
  quarantineBytesMax: 64 * 1024,
  pollEveryMs: 60_000,
  pollPagesMax: 50,
};
