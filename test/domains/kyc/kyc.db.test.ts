// KYC against the real Veriff twin: real database, outbox, inbox and signatures.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import Sqlite from 'better-sqlite3';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { createKyc, type Kyc } from '../../../server/domains/kyc/index.ts';
import { applyDecision } from '../../../server/domains/kyc/apply-decision.ts';
import { revokeSession } from '../../../server/domains/kyc/revoke-session.ts';
import { startSession } from '../../../server/domains/kyc/start-session.ts';
import { findSession, lockSession } from '../../../server/domains/kyc/store.ts';
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
const DAY_MS = 86_400_000;
const ACTOR = { kind: 'api_key', id: 'key_test' };

interface Desk {
  deps: Deps;
  db: OrgDatabase;
  kyc: Kyc;
  inbox: Inbox;
  outbox: Outbox;
  room: Parameters<typeof startSession>[0];
  personId: string;
}

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

const begin = ({ room, db, personId }: Desk, level: string | null = null) =>
  startSession(room, db, { personId, level, actor: ACTOR, traceId: 't' });

const at = async ({ db }: Desk, id: string) => present(await findSession(db, id), 'the session');

function untilStatus(of: Desk, id: string, status: string) {
  return until(`the session ${status}`, async () => {
    const session = await at(of, id);
    return session.status === status ? session : null;
  });
}

async function created(of: Desk) {
  return untilStatus(of, (await begin(of)).id, 'session_created');
}

const choose = (url: string | null, outcome: string): Promise<Response> =>
  fetch(url ?? '', { method: 'POST', redirect: 'manual', body: new URLSearchParams({ outcome }) });

/** One round of the schedule that asks about open sessions. */
async function poll(of: Desk): Promise<void> {
  for (const { run } of of.kyc.schedules) await run?.(of.deps.world.clock.now());
}

function sessionsAtTwin(id: string): number {
  const file = new Sqlite(twin.database, { readonly: true, fileMustExist: true });
  try {
    const row = file.prepare('select count(*) as n from session where vendor_data = ?').get(id);
    return (row as { n: number }).n;
  } finally {
    file.close();
  }
}

describe('a session', () => {
  test('is made at the vendor, passed on its page, and approved by the fetched decision', async () => {
    const here = await open();
    const session = await created(here);
    expect(session.url).toMatch(/^http/);
    expect(await here.kyc.statusOf(here.db, here.personId)).toMatchObject({
      status: 'not_started',
    });
    await choose(session.url, 'approved');
    const approved = await untilStatus(here, session.id, 'approved');
    expect(approved.validUntil).toBeGreaterThan(Date.now() + 364 * DAY_MS);
    expect(await here.kyc.statusOf(here.db, here.personId)).toEqual({
      status: 'approved',
      validUntil: approved.validUntil,
    });
    expect(approved.submittedAt).not.toBeNull();
    expect(approved.providerDecidedAt).toBeGreaterThanOrEqual(approved.submittedAt ?? Infinity);
    const kept = JSON.stringify(approved.decision);
    expect(kept).not.toMatch(/person|document|name/i);
  });

  for (const [outcome, status] of [
    ['declined', 'declined'],
    ['resubmission_requested', 'resubmit'],
    ['review', 'review'],
    ['expired', 'expired'],
    ['abandoned', 'abandoned'],
  ] as const) {
    test(`${outcome} on the page is ${status} here, and nobody is approved`, async () => {
      const here = await open();
      const session = await created(here);
      await choose(session.url, outcome);
      await untilStatus(here, session.id, status);
      expect((await here.kyc.statusOf(here.db, here.personId)).status).not.toBe('approved');
    });
  }

  test('a second attempt after a resubmission is approved on the same session', async () => {
    const here = await open();
    const session = await created(here);
    await choose(session.url, 'resubmission_requested');
    await untilStatus(here, session.id, 'resubmit');
    await choose(session.url, 'approved');
    await untilStatus(here, session.id, 'approved');
  });
});

describe('what the vendor does not hear is not sent twice', () => {
  for (const [kind, made] of [
    ['lost_request', 0],
    ['lost_reply', 1],
    ['hang_reply', 1],
    ['status', 0],
    ['status_after', 1],
  ] as const) {
    test(`${kind} on creation: marked, never repeated`, async () => {
      const here = await open();
      await twin.ask('POST', '/faults', {
        on: 'request',
        method: 'POST',
        path: '/v1/sessions',
        kind,
        status: 503,
      });
      const { id } = await begin(here);
      const failed = await untilStatus(here, id, 'failed');
      expect(failed).toMatchObject({ transport: 'unknown', url: null });
      expect(sessionsAtTwin(id)).toBe(made);
      // A decision that names it all the same is taken up.
      expect((await here.kyc.statusOf(here.db, here.personId)).status).toBe('not_started');
    });
  }

  test('a vendor out of reach decides nothing: the session waits and is made when the line returns', async () => {
    const here = await open();
    await here.outbox.stop(1_000);
    const dead = createHttpClient(here.deps.world, {
      ...HTTP_CLIENT_DEFAULTS,
      baseUrl: 'http://127.0.0.1:9',
      connectTimeoutMs: 200,
    });
    const cut = createKyc(here.deps, { ...here.room, client: dead });
    const options = {
      destinations: { veriff: { failuresToOpen: 1_000, openMs: 20, openMsMax: 20 } },
    };
    const settings = { pollMs: 20, backoffBaseMs: 10, backoffCapMs: 20, attemptsMax: 500 };
    const offline = createOutbox(here.deps, { ...options, settings, handlers: cut.handlers });
    await offline.start();
    const { id } = await begin(here);
    await until(
      'the transport to be called unavailable',
      async () => (await at(here, id)).transport === 'unavailable',
    );
    expect((await at(here, id)).status).toBe('queued');
    await offline.stop(1_000);
    await dead.close();
    const online = createOutbox(here.deps, { ...options, settings, handlers: here.kyc.handlers });
    await online.start();
    closing.push(() => online.stop(1_000));
    await untilStatus(here, id, 'session_created');
    expect(sessionsAtTwin(id)).toBe(1);
  });
});

describe('webhooks and polls', () => {
  test('a lost decision webhook is made up for by asking', async () => {
    const here = await open();
    const session = await created(here);
    await twin.ask('POST', '/faults', { on: 'webhook', kind: 'lost', times: 3 });
    await choose(session.url, 'approved');
    await poll(here);
    await untilStatus(here, session.id, 'approved');
  });

  test('a doubled webhook is applied once', async () => {
    const here = await open();
    const session = await created(here);
    await twin.ask('POST', '/faults', { on: 'webhook', kind: 'duplicate', times: 3 });
    await choose(session.url, 'approved');
    await untilStatus(here, session.id, 'approved');
    await until('the doubled deliveries', async () => {
      const state = (await twin.ask('GET', '/state')) as { webhooks: Record<string, number> };
      return (state.webhooks['pending'] ?? 0) === 0;
    });
    const events = await here.db.query<{ n: number }>(
      `select count(*) as n from event where org_id = $1 and type = 'kyc_session.decided'`,
      [here.db.org],
    );
    expect(events[0]?.n).toBe(1);
  });

  test('a forged webhook decides nothing, even one that names a real session', async () => {
    const here = await open();
    const session = await created(here);
    const body = JSON.stringify({
      status: 'success',
      verification: { id: session.providerRef, attemptId: 'x', code: 9001, status: 'approved' },
    });
    expect(await receive({ 'x-hmac-signature': '0'.repeat(64) }, Buffer.from(body))).toBe(401);
    await until('the look-up that it causes', async () => {
      const rows = await here.db.query<{ n: number }>(
        `select count(*) as n from outbox_attempt where org_id = $1 and type = 'kyc.refetch'`,
        [here.db.org],
      );
      return (rows[0]?.n ?? 0) > 0;
    });
    expect((await at(here, session.id)).status).toBe('session_created');
  });
});

describe('what the vendor said before', () => {
  /** As a fetched decision of one attempt, made so many seconds after the first one. */
  const said = (decision: 'approved' | 'declined' | 'review', atSeconds: number | null) => ({
    providerRef: 'ref_order',
    vendorData: null,
    decision,
    kept: { code: null, reason_code: null, attempt_id: 'att_1' },
    submittedAt: 1_000,
    decidedAt: atSeconds === null ? null : 1_000_000 + atSeconds * 1_000,
    reason: decision === 'declined' ? 'Document tampered with' : null,
    codeDisagrees: false,
  });
  const apply = (here: Desk, id: string, found: ReturnType<typeof said>) =>
    transaction(here.db, async (tx) => {
      const session = present(await lockSession(tx, id), 'the session');
      return applyDecision(here.room, tx, { session, found, traceId: null });
    });

  test('does not undo what it said last, in whatever order it arrives', async () => {
    const here = await open();
    const { id } = await created(here);
    expect(await apply(here, id, said('approved', 20))).toBe(true);
    for (const late of [said('review', 10), said('declined', 5)])
      expect(await apply(here, id, late)).toBe(false);
    expect(await at(here, id)).toMatchObject({ status: 'approved', reason: null });
    expect(await apply(here, id, said('declined', 30))).toBe(true);
    expect(await apply(here, id, said('approved', 20))).toBe(false);
    expect(await at(here, id)).toMatchObject({
      status: 'revoked',
      reason: 'Document tampered with',
      submittedAt: 1_000,
      providerDecidedAt: 1_030_000,
    });
  });

  test('without a time is believed: the vendor was asked just now', async () => {
    const here = await open();
    const { id } = await created(here);
    await apply(here, id, said('approved', 20));
    expect(await apply(here, id, said('declined', null))).toBe(true);
    expect(await at(here, id)).toMatchObject({ status: 'revoked', providerDecidedAt: 1_020_000 });
  });
});

describe('an approval', () => {
  async function approved(of: Desk) {
    const session = await created(of);
    await choose(session.url, 'approved');
    return untilStatus(of, session.id, 'approved');
  }

  test('ends by itself', async () => {
    const here = await open();
    const { validUntil } = await approved(here);
    place.world().clock.advance(366 * DAY_MS);
    const standing = await here.kyc.statusOf(here.db, here.personId);
    expect(standing.validUntil).toBe(validUntil);
    expect(standing.validUntil).toBeLessThan(here.deps.world.clock.now());
    place.world().clock.advance(-366 * DAY_MS);
  });

  test('that we took back stays so, whatever is fetched of the same attempt later', async () => {
    const here = await open();
    const session = await approved(here);
    await revokeSession(here.room, here.db, { id: session.id, reason: 'fraud', actor: ACTOR });
    expect((await here.kyc.statusOf(here.db, here.personId)).status).toBe('revoked');
    const lookups = async (): Promise<number> => {
      const rows = await here.db.query<{ n: number }>(
        `select count(*) as n from outbox_attempt
          where org_id = $1 and type = 'kyc.refetch' and outcome = 'done'`,
        [here.db.org],
      );
      return rows[0]?.n ?? 0;
    };
    const before = await lookups();
    // Anybody may make us look: a forged webhook is enough.
    const forged = {
      verification: { id: session.providerRef, attemptId: 'y', status: 'approved' },
    };
    await receive({ 'x-hmac-signature': '0'.repeat(64) }, Buffer.from(JSON.stringify(forged)));
    await until('the look-up', async () => (await lookups()) > before);
    expect((await at(here, session.id)).status).toBe('revoked');
    await expect(
      revokeSession(here.room, here.db, { id: session.id, reason: 'again', actor: ACTOR }),
    ).rejects.toMatchObject({ code: 'conflict' });
  });

  test('counts for the level it was given at', async () => {
    const here = await open();
    const { id } = await begin(here, 'light');
    const session = await untilStatus(here, id, 'session_created');
    await choose(session.url, 'approved');
    await untilStatus(here, id, 'approved');
    expect((await here.kyc.statusOf(here.db, here.personId)).status).toBe('not_started');
  });

  test('stands while a later session is begun and abandoned', async () => {
    const here = await open();
    await approved(here);
    const second = await created(here);
    await choose(second.url, 'abandoned');
    await untilStatus(here, second.id, 'abandoned');
    expect((await here.kyc.statusOf(here.db, here.personId)).status).toBe('approved');
  });
});
