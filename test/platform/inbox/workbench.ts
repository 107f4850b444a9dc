// A provider for the inbox tests: its signature scheme, its event list, and an engine that fetches what
// events name.

import { createHmac } from 'node:crypto';
import { transaction } from '../../../server/platform/database/database.ts';
import type { Deps } from '../../../server/platform/deps.ts';
import {
  ensureProviderAccount,
  type ProviderAccount,
} from '../../../server/platform/inbox/store-accounts.ts';
import { createInbox, type Inbox } from '../../../server/platform/inbox/inbox.ts';
import type { InboxSettings } from '../../../server/platform/inbox/settings.ts';
import { findSigner } from '../../../server/platform/inbox/signature.ts';
import type {
  InboxEvent,
  InboxSource,
  RawWebhook,
  WebhookSecret,
} from '../../../server/platform/inbox/source.ts';
import { createBell } from '../../../server/platform/outbox/bell.ts';
import { handler, type Message } from '../../../server/platform/outbox/handler.ts';
import { createOutbox, type Outbox } from '../../../server/platform/outbox/outbox.ts';
import type { Exchange, HttpClient } from '../../../server/platform/outside/http-exchange.ts';
import { QUICK } from '../outbox/workbench.ts';

export interface ProviderEvent {
  id: string;
  type: string;
  object: string | null;
  at: number;
}

/** A remote list of events, oldest first, in pages; it can be cut off. */
export class FakeProvider {
  readonly events: ProviderEvent[] = [];
  readonly asked: string[] = [];
  reachable = true;
  pageSize = 3;

  client(): HttpClient {
    return {
      exchange: async (request) => {
        this.asked.push(request.path);
        return this.reachable ? this.#answer(request.path) : refused();
      },
      close: async () => undefined,
    };
  }

  #answer(path: string): Exchange {
    const after = new URL(path, 'http://provider').searchParams.get('after') ?? '';
    const from = this.events.findIndex(({ id }) => id === after) + 1;
    const page = this.events.slice(from, from + this.pageSize);
    const body = JSON.stringify({ events: page, more: from + page.length < this.events.length });
    return { kind: 'answered', durationMs: 1, response: { status: 200, headers: {}, body } };
  }
}

function refused(): Exchange {
  const error = new Error('connect ECONNREFUSED');
  return { kind: 'failed', phase: 'connecting', durationMs: 1, error };
}

function toInboxEvent(listed: ProviderEvent): InboxEvent {
  const { id, type, object, at } = listed;
  const raw = JSON.stringify(listed);
  return { dedupeKey: id, type, objectRef: object, occurredAt: at, raw };
}

/** `t=<ms>,v=<hmac of t.body>`, like most. */
export function source(polls: boolean): InboxSource {
  return {
    provider: 'acme',
    destination: 'acme',
    messageType: 'test.refetch',
    verify: ({ headers, body }, secrets) => {
      const [, time = '', mac = ''] =
        /^t=(\d+),v=([0-9a-f]+)$/.exec(headers['acme-signature'] ?? '') ?? [];
      const keyId = findSigner(secrets, [Buffer.from(mac, 'hex')], (secret) =>
        hmac(secret, time, body),
      );
      return keyId === null
        ? { ok: false, why: 'no secret made this signature' }
        : { ok: true, keyId, signedAt: Number(time) };
    },
    parse: (body) => (JSON.parse(body.toString('utf8')) as ProviderEvent[]).map(toInboxEvent),
    ...(polls ? polling : {}),
  };
}

const polling: Pick<InboxSource, 'pollRequest' | 'parsePoll'> = {
  pollRequest: ({ position }) => ({
    method: 'GET',
    path: `/events${position === null ? '' : `?after=${position}`}`,
    headers: {},
    body: null,
  }),
  parsePoll: (response, cursor) => {
    const page = JSON.parse(response.body) as { events: ProviderEvent[]; more: boolean };
    return {
      kind: 'page',
      events: page.events.map(toInboxEvent),
      position: page.events.at(-1)?.id ?? cursor.position,
      hasMore: page.more,
    };
  },
};

function hmac(secret: string, time: string, body: Buffer): Buffer {
  return createHmac('sha256', secret).update(`${time}.`).update(body).digest();
}

export function signed(
  events: readonly ProviderEvent[] | string,
  { secret, at }: { secret: string; at: number },
): RawWebhook {
  const body = Buffer.from(typeof events === 'string' ? events : JSON.stringify(events), 'utf8');
  const signature = `t=${at},v=${hmac(secret, String(at), body).toString('hex')}`;
  return { headers: { 'acme-signature': signature, authorization: 'Bearer not-ours' }, body };
}

export interface InboxBench {
  inbox: Inbox;
  outbox: Outbox;
  provider: FakeProvider;
  account: ProviderAccount;
  deps: Deps;
  /** What was fetched because an event named it. */
  fetched: Message[];
}

export const SECRETS: readonly WebhookSecret[] = [
  { id: 'new', secret: 'whsec_new' },
  { id: 'old', secret: 'whsec_old' },
];

export async function createInboxBench(
  given: Deps,
  orgId: string,
  of: {
    polls?: boolean;
    secrets?: readonly WebhookSecret[];
    settings?: Partial<InboxSettings>;
  } = {},
): Promise<InboxBench> {
  const deps: Deps = { ...given, bell: createBell() };
  const provider = new FakeProvider();
  const fetched: Message[] = [];
  const inbox = createInbox(deps, {
    sources: [source(of.polls ?? true)],
    clients: { acme: provider.client() },
    secretsOf: async () => of.secrets ?? SECRETS,
    settings: { pollEveryMs: 3_600_000, ...of.settings },
  });
  const outbox = createOutbox(deps, {
    handlers: {
      ...inbox.handlers,
      'test.refetch': handler<null, null>({
        prepare: async () => ({ kind: 'send', request: null }),
        send: async () => ({ kind: 'answered', answer: null, status: 200 }),
        settle: async (_tx, message) => {
          fetched.push(message);
          return { kind: 'done' };
        },
      }),
    },
    destinations: { acme: { failuresToOpen: 2, openMs: 30, openMsMax: 30 } },
    settings: QUICK,
    onBreaker: inbox.onBreaker,
  });
  await outbox.prepare();
  const account = await transaction(deps.databases.org(orgId), (tx) =>
    ensureProviderAccount(tx, deps, 'acme'),
  );
  return { inbox, outbox, provider, account, deps, fetched };
}

export function event(id: string, object: string | null = `obj_${id}`): ProviderEvent {
  return { id, type: 'thing.changed', object, at: 1 };
}
