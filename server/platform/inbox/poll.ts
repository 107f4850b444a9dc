// Listing a provider's events since the cursor, as an outbox message per page: unseen events are
// stored and the cursor moves in one transaction, so that a crash repeats a page and loses nothing.
// A poll is a question: when its answer is lost it is simply asked again.

import type { Instant } from '../../shared/world.ts';
import { transaction, type Tx } from '../database/database.ts';
import type { Deps } from '../deps.ts';
import { enqueue } from '../outbox/enqueue.ts';
import { handler, type OutboxHandler, type Sent, type Settled } from '../outbox/handler.ts';
import { sentOf } from '../outbox/sent.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../outside/http-exchange.ts';
import { listAccounts, type ProviderAccount } from './store-accounts.ts';
import type { InboxSettings } from './settings.ts';
import type { InboxSource, PollCursor, PollPage } from './source.ts';
import { pollIsWaiting, readCursor, saveCursor } from './store.ts';
import { storeEvent } from './store-event.ts';

export const POLL_TYPE = 'inbox.poll';

export type PollingSource = InboxSource & Required<Pick<InboxSource, 'pollRequest' | 'parsePoll'>>;

export function canPoll(source: InboxSource): source is PollingSource {
  return source.pollRequest !== undefined && source.parsePoll !== undefined;
}

export interface PollDeps extends Deps {
  sources: ReadonlyMap<string, InboxSource>;
  /** By provider. */
  clients: ReadonlyMap<string, HttpClient>;
  settings: InboxSettings;
}

/** Enqueues a poll unless one is waiting already. False when the provider cannot be polled. */
export async function requestPoll(
  deps: PollDeps,
  tx: Tx,
  { account, uid }: { account: ProviderAccount; uid: string },
): Promise<boolean> {
  const source = deps.sources.get(account.provider);
  if (source === undefined || !canPoll(source)) return false;
  const { destination } = source;
  if (await pollIsWaiting(tx, { accountId: account.id, destination, type: POLL_TYPE })) return true;
  const body: PollBody = {
    provider: account.provider,
    provider_account_id: account.id,
    page: 1,
    started_at: null,
  };
  await enqueue(tx, deps, { type: POLL_TYPE, destination, aggregate: account.id, uid, body });
  return true;
}

/** A poll for every account of the provider. */
export async function pollAll(deps: PollDeps, provider: string, uid: string): Promise<void> {
  for (const account of await listAccounts(deps.databases.engine, provider)) {
    await transaction(deps.databases.org(account.orgId), (tx) =>
      requestPoll(deps, tx, { account, uid: `poll:${account.id}:${uid}` }),
    );
  }
}

interface PollBody {
  provider: string;
  provider_account_id: string;
  page: number;
  /** When the first page was asked for; what happened before is known after the last page. */
  started_at: Instant | null;
}

interface PollRequest {
  http: HttpRequest;
  cursor: PollCursor;
}

export function pollHandler(deps: PollDeps): OutboxHandler<never, never> {
  return handler<PollRequest, HttpResponse>({
    prepare: async (tx, message) => {
      const body = message.body as PollBody;
      const source = deps.sources.get(body.provider);
      if (source === undefined || !canPoll(source) || !deps.clients.has(body.provider)) {
        return { kind: 'nothing', reason: `${body.provider} is not polled any more` };
      }
      const { position, caughtUpTo } = await readCursor(tx, body.provider_account_id);
      const cursor = { position, caughtUpTo, now: deps.world.clock.now() };
      return { kind: 'send', request: { http: source.pollRequest(cursor), cursor } };
    },
    send: async ({ http }, signal, message) => {
      const client = deps.clients.get((message.body as PollBody).provider);
      if (client === undefined) return { kind: 'not_sent', reason: 'there is no client' };
      return sentOf(await client.exchange(http, signal));
    },
    settle: async (tx, message, { request, sent }) => {
      const body = message.body as PollBody;
      const page = pageOf(deps.sources.get(body.provider), sent, request.cursor);
      if (page.kind === 'failed') {
        const { reason, afterMs } = page;
        return { kind: 'retry', reason, ...(afterMs === undefined ? {} : { afterMs }) };
      }
      return takeIn(deps, tx, { body, uid: message.uid, page, cursor: request.cursor });
    },
    healthOf: (sent) => (sent.kind === 'answered' && sent.answer.status < 500 ? 'ok' : 'failed'),
  });
}

function pageOf(
  source: InboxSource | undefined,
  sent: Sent<HttpResponse>,
  cursor: PollCursor,
): PollPage {
  if (sent.kind !== 'answered') return { kind: 'failed', reason: sent.reason };
  if (source === undefined || !canPoll(source)) return { kind: 'failed', reason: 'no source' };
  return source.parsePoll(sent.answer, cursor);
}

async function takeIn(
  deps: PollDeps,
  tx: Tx,
  of: {
    body: PollBody;
    uid: string;
    page: Extract<PollPage, { kind: 'page' }>;
    cursor: PollCursor;
  },
): Promise<Settled> {
  const { body, page, cursor } = of;
  const source = deps.sources.get(body.provider);
  if (source === undefined) return { kind: 'retry', reason: 'there is no source' };
  const now = deps.world.clock.now();
  for (const event of page.events) {
    await storeEvent(deps, tx, {
      source,
      event,
      row: {
        id: deps.ids.make('inboxEvent'),
        accountId: body.provider_account_id,
        provider: body.provider,
        source: 'poll',
        headers: {},
        raw: Buffer.from(event.raw ?? '', 'utf8'),
        verified: true, // over a connection that we opened and whose certificate we checked
        keyId: null,
        receivedAt: now,
        status: 'stored',
        reason: null,
      },
    });
  }
  const startedAt = body.started_at ?? cursor.now;
  await saveCursor(tx, body.provider_account_id, {
    position: page.position,
    caughtUpTo: page.hasMore ? cursor.caughtUpTo : startedAt,
    polledAt: now,
  });
  if (page.hasMore) await enqueueNextPage(deps, tx, { source, body, uid: of.uid, startedAt });
  return { kind: 'done' };
}

async function enqueueNextPage(
  deps: PollDeps,
  tx: Tx,
  of: { source: InboxSource; body: PollBody; uid: string; startedAt: Instant },
): Promise<void> {
  const { source, body, startedAt } = of;
  const page = body.page + 1;
  if (page > deps.settings.pollPagesMax) {
    deps.log.warn({ provider: body.provider, pages: body.page }, 'a poll goes on at its next turn');
    return;
  }
  const next: PollBody = { ...body, page, started_at: startedAt };
  await enqueue(tx, deps, {
    type: POLL_TYPE,
    destination: source.destination,
    aggregate: body.provider_account_id,
    uid: `${of.uid.replace(/#\d+$/, '')}#${page}`,
    body: next,
  });
}
