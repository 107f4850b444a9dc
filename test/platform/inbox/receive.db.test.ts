// Webhooks as they come: verified, stored, deduplicated; refused ones are kept aside and make us look.

import { afterEach, describe, expect, test } from '@jest/globals';
import { isAppError } from '../../../server/shared/errors.ts';
import { markInboxEvent } from '../../../server/platform/inbox/store.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { count, emptied, makeOrganization } from '../outbox/workbench.ts';
import { createInboxBench, event, type InboxBench, signed } from './workbench.ts';

const db = useTestDatabase();
let benches: InboxBench[] = [];

afterEach(async () => {
  for (const bench of benches) await bench.outbox.stop(1_000);
  benches = [];
  await transaction(db.databases().engine, (tx) => tx.execute('delete from outbox_msg'));
});

async function open(options: Parameters<typeof createInboxBench>[2] = {}): Promise<InboxBench> {
  const bench = await createInboxBench(db.deps(), await makeOrganization(db.deps()), options);
  benches.push(bench);
  return bench;
}

const now = (): number => db.world().clock.now();
const rows = (bench: InboxBench, where = 'true'): Promise<number> =>
  count(db.databases(), 'inbox_event', `org_id = '${bench.account.orgId}' and ${where}`);

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const thrown: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  return isAppError(thrown) ? thrown.code : `no AppError: ${String(thrown)}`;
}

describe('a webhook that verifies', () => {
  test('is stored with its raw bytes, and what it names is fetched', async () => {
    const bench = await open();
    await bench.outbox.start();
    const raw = signed([event('e1')], { secret: 'whsec_new', at: now() });
    const received = await bench.inbox.receive(bench.account.id, raw, now());
    expect(received).toEqual({ stored: 1, duplicate: 0 });
    await until('the fetch', () => bench.fetched.length === 1);
    expect(bench.fetched[0]).toMatchObject({
      aggregate: 'obj_e1',
      body: { provider_account_id: bench.account.id, type: 'thing.changed', object_ref: 'obj_e1' },
    });
    const [stored] = await db
      .databases()
      .engine.query<{ raw: Buffer; headers: string; key_id: string }>(
        'select raw, headers, key_id from inbox_event where org_id = $1',
        [bench.account.orgId],
      );
    expect(Buffer.compare(stored?.raw ?? Buffer.alloc(0), raw.body)).toBe(0);
    expect(stored?.key_id).toBe('new');
    expect(stored?.headers).not.toContain('not-ours'); // credentials are not kept
  });

  test('by a secret that is being rotated out is as good', async () => {
    const bench = await open();
    const raw = signed([event('e1')], { secret: 'whsec_old', at: now() });
    expect(await bench.inbox.receive(bench.account.id, raw, now())).toMatchObject({ stored: 1 });
    expect(await rows(bench, `key_id = 'old'`)).toBe(1);
  });

  test('may carry several events, known and new', async () => {
    const bench = await open();
    const send = (ids: string[]): Promise<unknown> =>
      bench.inbox.receive(
        bench.account.id,
        signed(
          ids.map((id) => event(id)),
          { secret: 'whsec_new', at: now() },
        ),
        now(),
      );
    expect(await send(['a', 'b'])).toEqual({ stored: 2, duplicate: 0 });
    expect(await send(['b', 'c'])).toEqual({ stored: 1, duplicate: 1 });
  });

  test('twenty times at once is stored once and fetched once', async () => {
    const bench = await open();
    await bench.outbox.start();
    const raw = signed([event('storm')], { secret: 'whsec_new', at: now() });
    const received = await Promise.all(
      Array.from({ length: 20 }, () => bench.inbox.receive(bench.account.id, raw, now())),
    );
    expect(received.filter(({ stored }) => stored === 1)).toHaveLength(1);
    await emptied(db.databases());
    expect(bench.fetched).toHaveLength(1);
    expect(await rows(bench)).toBe(1);
  });

  test('but makes no sense is kept, acknowledged, and makes us look at the provider', async () => {
    const bench = await open();
    const raw = signed('{"not": "a list"', { secret: 'whsec_new', at: now() });
    expect(await bench.inbox.receive(bench.account.id, raw, now())).toEqual({
      stored: 1,
      duplicate: 0,
    });
    expect(await rows(bench, `status = 'unreadable'`)).toBe(1);
    expect(await count(db.databases(), 'outbox_msg', `type = 'inbox.poll'`)).toBe(1);
  });

  test('can be marked as applied by the domain that fetched its object', async () => {
    const bench = await open();
    const raw = signed([event('e1')], { secret: 'whsec_new', at: now() });
    await bench.inbox.receive(bench.account.id, raw, now());
    const [stored] = await db
      .databases()
      .engine.query<{ id: string }>('select id from inbox_event where org_id = $1', [
        bench.account.orgId,
      ]);
    await transaction(db.databases().org(bench.account.orgId), (tx) =>
      markInboxEvent(tx, { id: stored?.id ?? '', status: 'applied', at: 7 }),
    );
    expect(await rows(bench, `status = 'applied' and applied_at = 7`)).toBe(1);
  });
});

describe('a webhook that does not verify', () => {
  test('is refused and kept aside, and the provider is asked instead', async () => {
    const bench = await open();
    const raw = signed([event('forged')], { secret: 'guessed', at: now() });
    expect(await codeOf(bench.inbox.receive(bench.account.id, raw, now()))).toBe(
      'signature_invalid',
    );
    expect(await rows(bench, `status = 'quarantined' and verified = 0`)).toBe(1);
    expect(await count(db.databases(), 'outbox_msg', `type = 'inbox.poll'`)).toBe(1);
    expect(await count(db.databases(), 'outbox_msg', `type = 'test.refetch'`)).toBe(0);
  });

  test('from a provider that cannot be polled leads to a look at the object it names', async () => {
    const bench = await open({ polls: false });
    await bench.outbox.start();
    const raw = signed([event('forged')], { secret: 'guessed', at: now() });
    expect(await codeOf(bench.inbox.receive(bench.account.id, raw, now()))).toBe(
      'signature_invalid',
    );
    await until('the look', () => bench.fetched.length === 1);
    expect(bench.fetched[0]?.aggregate).toBe('obj_forged');
  });

  test('does not stop the real one from being stored', async () => {
    const bench = await open();
    const forged = signed([event('e1')], { secret: 'guessed', at: now() });
    await codeOf(bench.inbox.receive(bench.account.id, forged, now()));
    const real = signed([event('e1')], { secret: 'whsec_new', at: now() });
    expect(await bench.inbox.receive(bench.account.id, real, now())).toEqual({
      stored: 1,
      duplicate: 0,
    });
  });

  test('when no secret is configured there is nothing that could verify', async () => {
    const bench = await open({ secrets: [] });
    const raw = signed([event('e1')], { secret: '', at: now() });
    expect(await codeOf(bench.inbox.receive(bench.account.id, raw, now()))).toBe(
      'signature_invalid',
    );
  });

  test.each([
    ['a signature from the past', -300_001, 'signature_invalid'],
    ['a signature from the future', 300_001, 'signature_invalid'],
    ['the last acceptable past', -300_000, 'stored'],
    ['the last acceptable future', 300_000, 'stored'],
  ])('%s is judged by the time of receipt', async (_name, offsetMs, expected) => {
    const bench = await open();
    const receivedAt = now();
    const raw = signed([event('e1')], { secret: 'whsec_new', at: receivedAt + offsetMs });
    const promise = bench.inbox.receive(bench.account.id, raw, receivedAt);
    const outcome = expected === 'stored' ? (await promise).stored === 1 : await codeOf(promise);
    expect(outcome).toBe(expected === 'stored' ? true : expected);
  });

  test('is kept only so many times, and only so much of it', async () => {
    const bench = await open({ settings: { quarantineMax: 3, quarantineBytesMax: 100 } });
    for (let n = 0; n < 6; n += 1) {
      const raw = signed([event(`forged-${n}-${'x'.repeat(200)}`)], {
        secret: 'guessed',
        at: now(),
      });
      expect(await codeOf(bench.inbox.receive(bench.account.id, raw, now()))).toBe(
        'signature_invalid',
      );
    }
    expect(await rows(bench, `status = 'quarantined'`)).toBe(3);
    expect(await rows(bench, `length(raw) > 100`)).toBe(0);
  });
});

describe('a webhook to nowhere', () => {
  test('an address that does not exist, or is disabled, is not found', async () => {
    const bench = await open();
    const raw = signed([event('e1')], { secret: 'whsec_new', at: now() });
    expect(await codeOf(bench.inbox.receive('pac_00000000000000000000000000', raw, now()))).toBe(
      'not_found',
    );
    await transaction(db.databases().org(bench.account.orgId), (tx) =>
      tx.execute(`update provider_account set status = 'disabled' where org_id = $1`, [tx.org]),
    );
    expect(await codeOf(bench.inbox.receive(bench.account.id, raw, now()))).toBe('not_found');
  });

  test('a body above the cap is refused before anything is computed over it', async () => {
    const bench = await open({ settings: { bodyBytesMax: 50 } });
    const raw = signed([event('e1')], { secret: 'whsec_new', at: now() });
    expect(await codeOf(bench.inbox.receive(bench.account.id, raw, now()))).toBe('body_too_large');
    expect(await rows(bench)).toBe(0);
  });
});
