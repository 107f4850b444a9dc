// A provider's webhook: verified on its raw bytes against every active secret and the time of receipt,
// stored with the one message it causes, and only then acknowledged. What does not verify is refused,
// kept aside in bounded numbers, and makes us look at the provider ourselves.

import { createHash } from 'node:crypto';
import { AppError, notFound, toError } from '../../shared/errors.ts';
import { DAY_MS } from '../../shared/instant.ts';
import type { Instant } from '../../shared/world.ts';
import { transaction, type Tx } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import { findAccount, type ProviderAccount } from './store-accounts.ts';
import type { InboxSettings } from './settings.ts';
import { withinSkew } from './signature.ts';
import type { InboxEvent, InboxSource, RawWebhook, Verification, WebhookSecret } from './source.ts';
import { countQuarantined, insertInboxRow, type NewInboxRow } from './store.ts';
import { enqueueLookup, storeEvent } from './store-event.ts';

export interface Received {
  stored: number;
  duplicate: number;
}

export interface ReceiveDeps extends Deps {
  sources: ReadonlyMap<string, InboxSource>;
  secretsOf: (account: ProviderAccount) => Promise<readonly WebhookSecret[]>;
  settings: InboxSettings;
  /** Something is wrong with what comes in: look at the provider. Returns whether it can be asked. */
  requestPoll: (tx: Tx, account: ProviderAccount, uid: string) => Promise<boolean>;
}

export async function receive(
  deps: ReceiveDeps,
  accountId: string,
  { raw, receivedAt }: { raw: RawWebhook; receivedAt: Instant },
): Promise<Received> {
  const { settings } = deps;
  const account = await findAccount(deps.databases.engine, accountId);
  const source = account === null ? undefined : deps.sources.get(account.provider);
  if (account === null || source === undefined) throw notFound('provider account', accountId);
  if (raw.body.length > settings.bodyBytesMax) {
    throw new AppError(
      'body_too_large',
      `Expected a body within ${settings.bodyBytesMax} bytes, found ${raw.body.length}.`,
    );
  }
  const verified = verify(source, await deps.secretsOf(account), { raw, receivedAt, settings });
  if (!verified.ok) {
    await quarantine(deps, { account, source, raw, receivedAt, why: verified.why });
    throw new AppError('signature_invalid', 'Expected a signature by an active secret of ours.', {
      privateDetail: `${account.provider} ${account.id}: ${verified.why}`,
    });
  }
  const parsed = parse(source, raw.body);
  if (!parsed.ok) {
    await keepUnreadable(deps, {
      account,
      raw,
      receivedAt,
      keyId: verified.keyId,
      why: parsed.why,
    });
    return { stored: 1, duplicate: 0 };
  }
  return transaction(deps.databases.org(account.orgId), async (tx) => {
    let stored = 0;
    for (const event of parsed.events) {
      const row = { ...common(deps, account, { raw, receivedAt }), keyId: verified.keyId };
      if (await storeEvent(deps, tx, { source, event, row })) stored += 1;
    }
    return { stored, duplicate: parsed.events.length - stored };
  });
}

function verify(
  source: InboxSource,
  secrets: readonly WebhookSecret[],
  of: { raw: RawWebhook; receivedAt: Instant; settings: InboxSettings },
): Verification {
  if (secrets.length === 0) return { ok: false, why: 'no secret is configured' };
  const verified = source.verify(of.raw, secrets, of.receivedAt);
  if (!verified.ok || verified.signedAt === undefined) return verified;
  return withinSkew(verified.signedAt, of.receivedAt, of.settings)
    ? verified
    : { ok: false, why: `signed at ${verified.signedAt}, received at ${of.receivedAt}` };
}

function parse(
  source: InboxSource,
  body: Buffer,
): { ok: true; events: readonly InboxEvent[] } | { ok: false; why: string } {
  try {
    return { ok: true, events: source.parse(body) };
  } catch (thrown) {
    return { ok: false, why: toError(thrown).message };
  }
}

/** Bounded in number and size: anybody may send us rubbish. */
async function quarantine(
  deps: ReceiveDeps,
  of: {
    account: ProviderAccount;
    source: InboxSource;
    raw: RawWebhook;
    receivedAt: Instant;
    why: string;
  },
): Promise<void> {
  const { account, source, raw, receivedAt, why } = of;
  const since = receivedAt - DAY_MS;
  await transaction(deps.databases.org(account.orgId), async (tx) => {
    if (
      (await countQuarantined(tx, { accountId: account.id, since })) >= deps.settings.quarantineMax
    )
      return;
    const row: NewInboxRow = {
      ...common(deps, account, { raw, receivedAt }),
      dedupeKey: `quarantine:${digest(raw.body)}`,
      type: 'unknown',
      objectRef: null,
      raw: raw.body.subarray(0, deps.settings.quarantineBytesMax),
      verified: false,
      status: 'quarantined',
      reason: why,
    };
    if (!(await insertInboxRow(tx, row))) return;
    const asked = await deps.requestPoll(tx, account, `quarantine:${row.id}`);
    if (!asked) await lookUpNamedObjects(deps, tx, { source, row, body: raw.body });
  });
  deps.log.warn({ provider: account.provider, account: account.id, why }, 'a webhook was refused');
}

/** A provider that cannot be polled: what the refused event names is looked up, never believed. */
async function lookUpNamedObjects(
  deps: ReceiveDeps,
  tx: Tx,
  { source, row, body }: { source: InboxSource; row: NewInboxRow; body: Buffer },
): Promise<void> {
  const parsed = parse(source, body);
  const named = parsed.ok ? parsed.events.find((event) => event.objectRef !== null) : undefined;
  if (named !== undefined) await enqueueLookup(deps, tx, { source, event: named, row });
}

/** Verified but not understood: kept and acknowledged, for sending it again would not help. */
async function keepUnreadable(
  deps: ReceiveDeps,
  of: {
    account: ProviderAccount;
    raw: RawWebhook;
    receivedAt: Instant;
    keyId: string;
    why: string;
  },
): Promise<void> {
  const { account, raw, receivedAt, keyId, why } = of;
  await transaction(deps.databases.org(account.orgId), async (tx) => {
    const row: NewInboxRow = {
      ...common(deps, account, { raw, receivedAt }),
      dedupeKey: `unreadable:${digest(raw.body)}`,
      type: 'unknown',
      objectRef: null,
      keyId,
      status: 'unreadable',
      reason: why,
    };
    if (await insertInboxRow(tx, row)) await deps.requestPoll(tx, account, `unreadable:${row.id}`);
  });
  deps.log.error(
    { provider: account.provider, account: account.id, why },
    'a webhook is unreadable',
  );
}

type Common = Omit<NewInboxRow, 'dedupeKey' | 'type' | 'objectRef'>;

function common(
  deps: ReceiveDeps,
  account: ProviderAccount,
  { raw, receivedAt }: { raw: RawWebhook; receivedAt: Instant },
): Common {
  return {
    id: deps.ids.make('inboxEvent'),
    accountId: account.id,
    provider: account.provider,
    source: 'webhook',
    headers: withoutCredentials(raw.headers),
    raw: raw.body,
    verified: true,
    keyId: null,
    receivedAt,
    status: 'stored',
    reason: null,
  };
}

const CREDENTIALS = new Set(['authorization', 'cookie', 'proxy-authorization']);

function withoutCredentials(headers: RawWebhook['headers']): RawWebhook['headers'] {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIALS.has(name)));
}

function digest(body: Buffer): string {
  return createHash('sha256').update(body).digest('hex');
}
