// A desk for KYC, for tests: real database, outbox, inbox and signatures, and the real Veriff twin as a
// process whose webhooks come in here.

import { afterAll, beforeAll } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKyc, type Kyc } from '../../../server/domains/kyc/index.ts';
import { startSession } from '../../../server/domains/kyc/start-session.ts';
import { findSession } from '../../../server/domains/kyc/store.ts';
import { createPerson } from '../../../server/domains/people/index.ts';
import { type OrgDatabase, transaction } from '../../../server/platform/database/database.ts';
import type { Deps } from '../../../server/platform/deps.ts';
import { accountOf, createInbox, type Inbox } from '../../../server/platform/inbox/index.ts';
import { createBell, createOutbox, type Outbox } from '../../../server/platform/outbox/index.ts';
import {
  createHttpClient,
  HTTP_CLIENT_DEFAULTS,
} from '../../../server/platform/outside/http-client.ts';
import { present } from '../../../server/shared/assert.ts';
import { isAppError } from '../../../server/shared/errors.ts';
import { useTestDatabase } from '../../support/database.ts';
import { spawnTwin, type Twin } from '../../support/spawn-twin.ts';
import { until } from '../../support/until.ts';

const VERIFF = { apiKey: '8a1ccdb5-5a5c-4b3f-9c5c-000000000001', sharedSecret: 'shared_test' };
export const DAY_MS = 86_400_000;
export const ACTOR = { kind: 'api_key', id: 'key_test' };

export interface Desk {
  deps: Deps;
  db: OrgDatabase;
  kyc: Kyc;
  inbox: Inbox;
  outbox: Outbox;
  room: Parameters<typeof startSession>[0];
  personId: string;
}

/** One twin and one receiver of its webhooks for a file; a new organization for a test. */
export function useKycDesk(): {
  open(options?: { level?: string }): Promise<Desk>;
  twin(): Twin;
  /** What the ingress route does, without the route: the status it would answer. */
  receive(headers: Record<string, string>, body: Buffer): Promise<number>;
  advance(byMs: number): void;
  onClose(run: () => Promise<unknown>): void;
} {
  let twin: Twin;
  let hook: http.Server;
  let desk: Desk;
  const closing: (() => Promise<unknown>)[] = [];
  const closeAll = async (): Promise<void> => {
    for (const close of closing.splice(0).toReversed()) await close();
  };

  // Before the database's own hook, which runs after this one.
  afterAll(async () => {
    await closeAll();
    hook.closeAllConnections();
    await new Promise((resolve) => hook.close(resolve));
    await twin.stop();
  });
  const place = useTestDatabase({ world: { start: Date.now() } });

  beforeAll(async () => {
    hook = http.createServer((message, response) => {
      const chunks: Buffer[] = [];
      message.on('data', (chunk: Buffer) => chunks.push(chunk));
      message.on('end', () => {
        const headers = message.headers as Record<string, string>;
        void receive(headers, Buffer.concat(chunks)).then((status) =>
          response.writeHead(status).end(),
        );
      });
    });
    await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
    const { port } = hook.address() as AddressInfo;
    twin = await spawnTwin('veriff', {
      'api-key': VERIFF.apiKey,
      'shared-secret': VERIFF.sharedSecret,
      'webhook-url': `http://127.0.0.1:${port}/hook`,
    });
  }, 30_000);

  /** What the ingress route does, without the route. */
  async function receive(headers: Record<string, string>, body: Buffer): Promise<number> {
    try {
      const account = present(await accountOf(desk.db, 'veriff'), 'the account');
      const raw = { headers, body };
      await desk.inbox.receive(account.id, raw, desk.deps.world.clock.now());
      return 200;
    } catch (error) {
      return isAppError(error, 'signature_invalid') ? 401 : 500;
    }
  }

  async function open(options: { level?: string } = {}): Promise<Desk> {
    await closeAll();
    await twin.ask('DELETE', '/faults');
    await twin.ask('POST', '/wan', { state: 'up' });
    await twin.ask('POST', '/clock', { real: true });
    const org = await place.seedOrganization();
    const deps: Deps = { ...place.deps(), bell: createBell() };
    const db = deps.databases.org(org.orgId);
    const client = createHttpClient(deps.world, {
      ...HTTP_CLIENT_DEFAULTS,
      baseUrl: twin.api,
      connectTimeoutMs: 500,
      headersTimeoutMs: 500,
      totalTimeoutMs: 2_000,
    });
    const settings = {
      approvalMs: 365 * DAY_MS,
      level: options.level ?? 'standard',
      pollEveryMs: 50,
    };
    const room = { deps, settings, veriff: VERIFF, client };
    const kyc = createKyc(deps, room);
    const inbox = createInbox(deps, {
      sources: [kyc.inboxSource],
      clients: { veriff: client },
      secretsOf: async () => [{ id: 'now', secret: VERIFF.sharedSecret }],
    });
    const outbox = createOutbox(deps, {
      handlers: { ...kyc.handlers, ...inbox.handlers },
      destinations: { veriff: { failuresToOpen: 1_000, openMs: 50, openMsMax: 100 } },
      settings: { pollMs: 50, backoffBaseMs: 20, backoffCapMs: 100, attemptsMax: 500 },
    });
    await outbox.start();
    closing.push(
      () => client.close(),
      () => outbox.stop(2_000),
    );
    const person = await transaction(db, (tx) =>
      createPerson(deps, tx, {
        nodeId: org.siteId,
        externalRef: null,
        displayName: 'Ada',
        actor: ACTOR,
      }),
    );
    desk = { deps, db, kyc, inbox, outbox, room, personId: person.id };
    return desk;
  }

  return {
    open,
    twin: () => twin,
    receive,
    advance: (byMs) => place.world().clock.advance(byMs),
    onClose: (run) => closing.push(run),
  };
}

export const begin = ({ room, db, personId }: Desk, level: string | null = null) =>
  startSession(room, db, { personId, level, actor: ACTOR, traceId: 't' });

export const at = async ({ db }: Desk, id: string) =>
  present(await findSession(db, id), 'the session');

export function untilStatus(of: Desk, id: string, status: string) {
  return until(`the session ${status}`, async () => {
    const session = await at(of, id);
    return session.status === status ? session : null;
  });
}

export async function created(of: Desk) {
  return untilStatus(of, (await begin(of)).id, 'session_created');
}

export const choose = (url: string | null, outcome: string): Promise<Response> =>
  fetch(url ?? '', { method: 'POST', redirect: 'manual', body: new URLSearchParams({ outcome }) });

/** One round of the schedule that asks about open sessions. */
export async function poll(of: Desk): Promise<void> {
  for (const { run } of of.kyc.schedules) await run?.(of.deps.world.clock.now());
}

export function sessionsAtTwin(twin: Twin, id: string): number {
  const file = new Sqlite(twin.database, { readonly: true, fileMustExist: true });
  try {
    const row = file.prepare('select count(*) as n from session where vendor_data = ?').get(id);
    return (row as { n: number }).n;
  } finally {
    file.close();
  }
}
