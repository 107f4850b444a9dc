// The inbox: what providers tell us, by webhook and by poll, into one table, each event once, each with
// the one message that fetches its object. Joined to the outbox by compose: handlers, schedules and
// `onBreaker`.

import { accountRoutes } from './account-routes.ts';
import { withDefaults } from '../../shared/with-defaults.ts';
import type { Deps } from '../deps.ts';
import type { AnyRoute } from '../http/route.ts';
import type { HandlerTable } from '../outbox/handler.ts';
import type { Schedule } from '../outbox/schedules.ts';
import type { HttpClient } from '../outside/http-exchange.ts';
import type { ProviderAccount } from './store-accounts.ts';
import { canPoll, POLL_TYPE, pollAll, type PollDeps, pollHandler, requestPoll } from './poll.ts';
import { receive, type Received } from './receive.ts';
import { inboxRoutes } from './routes.ts';
import { INBOX_DEFAULTS, type InboxSettings } from './settings.ts';
import type { InboxSource, RawWebhook, WebhookSecret } from './source.ts';

export interface InboxOptions {
  sources: readonly InboxSource[];
  /** By provider; for polls. */
  clients: Readonly<Record<string, HttpClient>>;
  /** All secrets that are active now, the newest and those being rotated out. */
  secretsOf: (account: ProviderAccount) => Promise<readonly WebhookSecret[]>;
  settings?: Partial<InboxSettings>;
}

export interface Inbox {
  receive(accountId: string, raw: RawWebhook, receivedAt: number): Promise<Received>;
  /** Lists the events of every account of a provider soon, unless a poll is waiting. */
  pollNow(provider: string): Promise<void>;
  /** For the outbox: a destination that is back is asked at once what was missed. */
  onBreaker(destination: string, state: 'closed' | 'open' | 'half_open'): void;
  handlers: HandlerTable;
  schedules: readonly Schedule[];
  routes: readonly AnyRoute[];
}

export function createInbox(deps: Deps, options: InboxOptions): Inbox {
  const polling: PollDeps = {
    ...deps,
    sources: new Map(options.sources.map((source) => [source.provider, source])),
    clients: new Map(Object.entries(options.clients)),
    settings: withDefaults(INBOX_DEFAULTS, options.settings),
  };
  const receiving = {
    ...polling,
    secretsOf: options.secretsOf,
    requestPoll: (tx: Parameters<typeof requestPoll>[1], account: ProviderAccount, uid: string) =>
      requestPoll(polling, tx, { account, uid }),
  };
  const pollNow = (provider: string): Promise<void> =>
    pollAll(polling, provider, String(deps.world.clock.now()));
  const polled = options.sources.filter(canPoll);
  const receiveRaw: Inbox['receive'] = (accountId, raw, receivedAt) =>
    receive(receiving, accountId, { raw, receivedAt });

  return {
    receive: receiveRaw,
    pollNow,
    onBreaker: (destination, state) => {
      if (state !== 'closed') return;
      for (const source of polled) {
        if (source.destination !== destination) continue;
        pollNow(source.provider).catch((error: unknown) => {
          deps.log.warn({ err: error, provider: source.provider }, 'a poll was not enqueued');
        });
      }
    },
    handlers: { [POLL_TYPE]: pollHandler(polling) },
    schedules: polled.map(({ provider }) => ({
      name: `inbox.poll.${provider}`,
      everyMs: polling.settings.pollEveryMs,
      run: (bucket) => pollAll(polling, provider, String(bucket)),
    })),
    routes: [...inboxRoutes(receiveRaw, deps.world.clock), ...accountRoutes()],
  };
}
