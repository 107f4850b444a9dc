// KYC against the real Veriff twin: what is asked, what is heard, and what is not.

import { describe, expect, test } from '@jest/globals';
import { createKyc } from '../../../server/domains/kyc/index.ts';
import { createOutbox } from '../../../server/platform/outbox/index.ts';
import {
  createHttpClient,
  HTTP_CLIENT_DEFAULTS,
} from '../../../server/platform/outside/http-client.ts';
import { until } from '../../support/until.ts';
import {
  at,
  begin,
  choose,
  created,
  DAY_MS,
  poll,
  sessionsAtTwin,
  untilStatus,
  useKycDesk,
} from './kyc-desk.ts';

const { onClose, open, receive, twin } = useKycDesk();

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
      await twin().ask('POST', '/faults', {
        on: 'request',
        method: 'POST',
        path: '/v1/sessions',
        kind,
        status: 503,
      });
      const { id } = await begin(here);
      const failed = await untilStatus(here, id, 'failed');
      expect(failed).toMatchObject({ transport: 'unknown', url: null });
      expect(sessionsAtTwin(twin(), id)).toBe(made);
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
    onClose(() => online.stop(1_000));
    await untilStatus(here, id, 'session_created');
    expect(sessionsAtTwin(twin(), id)).toBe(1);
  });
});

describe('webhooks and polls', () => {
  test('a lost decision webhook is made up for by asking', async () => {
    const here = await open();
    const session = await created(here);
    await twin().ask('POST', '/faults', { on: 'webhook', kind: 'lost', times: 3 });
    await choose(session.url, 'approved');
    await poll(here);
    await untilStatus(here, session.id, 'approved');
  });

  test('a doubled webhook is applied once', async () => {
    const here = await open();
    const session = await created(here);
    await twin().ask('POST', '/faults', { on: 'webhook', kind: 'duplicate', times: 3 });
    await choose(session.url, 'approved');
    await untilStatus(here, session.id, 'approved');
    await until('the doubled deliveries', async () => {
      const state = (await twin().ask('GET', '/state')) as { webhooks: Record<string, number> };
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
