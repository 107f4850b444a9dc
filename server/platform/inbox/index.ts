// The door of the inbox.

export {
  accountOf,
  ensureProviderAccount,
  providerAccountId,
  findAccount,
  listAccounts,
  type ProviderAccount,
} from './store-accounts.ts';
export { createInbox, type Inbox, type InboxOptions } from './inbox.ts';
export { type Received } from './receive.ts';
export { INBOX_DEFAULTS, type InboxSettings } from './settings.ts';
export { findSigner, withinSkew } from './signature.ts';
export type {
  InboxEvent,
  InboxMessageBody,
  InboxSource,
  PollCursor,
  PollPage,
  RawWebhook,
  Verification,
  WebhookSecret,
} from './source.ts';
export { markInboxEvent, readCursor, type StoredCursor } from './store.ts';
