// Listing a provider's events since the cursor: pages, restarts, a cut network, and webhooks beside it.

import { afterEach, describe, expect, test } from '@jest/globals';
import { ensureProviderAccount } from '../../../server/platform/inbox/store-accounts.ts';
import { readCursor } from '../../../server/platform/inbox/store.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { count, emptied, makeOrganization } from '../outbox/workbench.ts';
import { createInboxBench, event, type InboxBench, signed } from './workbench.ts';

const db = useTestDatabase();
let benches: InboxBench[] = [];

afterEach(async () => {
  for (const { outbox, account } of benches) {
    await outbox.stop(1_000);
    // Or the next test's polls would be for this account too.
    await transaction(db.databases().org(account.orgId), (tx) =>
      tx.execute(`update provider_account set status = 'disabled' where org_id = $1`, [tx.org]),
    );
  }
  benches = [];
  await transaction(db.databases().engine, async (tx) => {
    await tx.execute('delete from outbox_msg');
    await tx.execute('delete from outbox_retry');
    await tx.execute(`update outbox_dest set breaker = 'closed', open_until = null, failures = 0`);
  });
});

async function open(options: Parameters<typeof createInboxBench>[2] = {}): Promise<InboxBench> {
  const bench = await createInboxBench(db.deps(), await makeOrganization(db.deps()), options);
  benches.push(bench);
  return bench;
}

const stored = (bench: InboxBench, where = 'true'): Promise<number> =>
  count(db.databases(), 'inbox_event', `org_id = '${bench.account.orgId}' and ${where}`);

describe('a poll', () => {
  test('reads all pages since the cursor, stores what is unseen, and says how far it is', async () => {
    const bench = await open();
    await bench.outbox.start();
    for (let n = 1; n <= 8; n += 1) bench.provider.events.push(event(`e${n}`));
    const before = bench.deps.world.clock.now();
    await bench.inbox.pollNow('acme');
    await emptied(db.databases());
    expect(await stored(bench, `source = 'poll'`)).toBe(8);
    expect(bench.fetched.map(({ aggregate }) => aggregate).toSorted()).toHaveLength(8);
    const cursor = await readCursor(db.databases().org(bench.account.orgId), bench.account.id);
    expect(cursor.position).toBe('e8');
    expect(cursor.caughtUpTo).toBeGreaterThanOrEqual(before);
    expect(bench.provider.asked).toEqual(['/events', '/events?after=e3', '/events?after=e6']);
    bench.provider.events.push(event('e9'));
    await bench.inbox.pollNow('acme');
    await emptied(db.databases());
    expect(await stored(bench)).toBe(9);
    expect(bench.provider.asked.at(-1)).toBe('/events?after=e8');
  });

  test('and a webhook for the same event store it once', async () => {
    const bench = await open();
    await bench.outbox.start();
    bench.provider.events.push(event('both'), event('missed'));
    const at = bench.deps.world.clock.now();
    const raw = signed([event('both')], { secret: 'whsec_new', at });
    await Promise.all([
      bench.inbox.receive(bench.account.id, raw, at),
      bench.inbox.pollNow('acme'),
    ]);
    await emptied(db.databases());
    expect(await stored(bench)).toBe(2);
    expect(bench.fetched).toHaveLength(2);
  });

  test('stops after its pages, and the next one goes on from there', async () => {
    const bench = await open({ settings: { pollPagesMax: 2 } });
    await bench.outbox.start();
    for (let n = 1; n <= 8; n += 1) bench.provider.events.push(event(`e${n}`));
    await bench.inbox.pollNow('acme');
    await emptied(db.databases());
    expect(await stored(bench)).toBe(6);
    const partly = await readCursor(db.databases().org(bench.account.orgId), bench.account.id);
    expect(partly).toMatchObject({ position: 'e6', caughtUpTo: null });
    await bench.inbox.pollNow('acme');
    await emptied(db.databases());
    expect(await stored(bench)).toBe(8);
  });

  test('does not pile up while the provider is out of reach, and comes at once when it is back', async () => {
    const bench = await open();
    bench.provider.reachable = false;
    await bench.outbox.start();
    await bench.inbox.pollNow('acme');
    await until('the breaker', () => !bench.outbox.health('acme').reachable);
    for (let n = 0; n < 5; n += 1) await bench.inbox.pollNow('acme');
    expect(await count(db.databases(), 'outbox_msg', `type = 'inbox.poll'`)).toBe(1);
    bench.provider.events.push(event('missed'));
    bench.provider.reachable = true;
    await until('the missed event', () => bench.fetched.length === 1);
    expect(bench.fetched[0]?.aggregate).toBe('obj_missed');
  });

  test('is enqueued by its schedule for every account of the provider', async () => {
    const bench = await open();
    const [schedule] = bench.inbox.schedules;
    expect(schedule).toMatchObject({ name: 'inbox.poll.acme', everyMs: 3_600_000 });
    await schedule?.run?.(1_000);
    const mine = `type = 'inbox.poll' and org_id = '${bench.account.orgId}'`;
    expect(await count(db.databases(), 'outbox_msg', `${mine} and uid like '%:1000'`)).toBe(1);
  });

  test('is not scheduled for a provider whose events cannot be listed', async () => {
    const bench = await open({ polls: false });
    expect(bench.inbox.schedules).toEqual([]);
  });
});

describe('a provider account', () => {
  test('is the same for everybody who asks for it at once', async () => {
    const orgId = await makeOrganization(db.deps());
    const made = await Promise.all(
      Array.from({ length: 8 }, () =>
        transaction(db.databases().org(orgId), (tx) =>
          ensureProviderAccount(tx, db.deps(), 'acme'),
        ),
      ),
    );
    expect(new Set(made.map(({ id }) => id)).size).toBe(1);
  });
});
