import { afterEach, describe, expect, test } from '@jest/globals';
import { listDeadLetters, replayDeadLetter } from '../../../server/platform/outbox/dead-letters.ts';
import { transaction } from '../../../server/platform/database/database.ts';
import { isAppError } from '../../../server/shared/errors.ts';
import { useTestDatabase } from '../../support/database.ts';
import { type Bench, count, createBench, emptied, makeOrganization, put } from './workbench.ts';

const db = useTestDatabase();
let bench: Bench;

afterEach(() => bench.outbox.stop(1_000));

/** Dies at the first try, works at the second. */
async function openWithOneDead(markPersistMs: number): Promise<{ orgId: string; pos: number }> {
  bench = createBench(
    db.deps(),
    {
      settle: async (_tx, message) =>
        message.uid === 'dies' && message.attempt === 1
          ? { kind: 'dead', reason: 'the provider does not know this account' }
          : { kind: 'done' },
    },
    { settings: { markPersistMs, sweepMs: 50 } },
  );
  await bench.outbox.prepare();
  const orgId = await makeOrganization(bench.deps);
  await bench.outbox.start();
  const pos = await put(bench.deps, orgId, { uid: 'dies' });
  for (let n = 0; n < 5; n += 1) await put(bench.deps, orgId, { uid: `after-${n}` });
  await emptied(db.databases());
  return { orgId, pos };
}

const replay = (orgId: string, pos: number): Promise<unknown> =>
  transaction(db.databases().org(orgId), (tx) => replayDeadLetter(bench.deps, tx, pos));

describe('a dead letter', () => {
  test('is listed with its reason, to its organization only', async () => {
    const { orgId, pos } = await openWithOneDead(5_000);
    const page = { afterPos: 0, limit: 10 };
    expect(await listDeadLetters(db.databases().org(orgId), page)).toMatchObject([
      { pos, uid: 'dies', attempts: 1, reason: 'the provider does not know this account' },
    ]);
    const other = await makeOrganization(bench.deps);
    expect(await listDeadLetters(db.databases().org(other), page)).toEqual([]);
  });

  test.each([
    ['before the mark was written down', 60_000],
    ['after the mark was written down', 0],
  ])('is replayed with its number and key, %s', async (_name, markPersistMs) => {
    const { orgId, pos } = await openWithOneDead(markPersistMs);
    await replay(orgId, pos);
    await emptied(db.databases());
    expect(bench.sent().filter((uid) => uid === 'dies')).toHaveLength(2);
    const history = `pos = ${pos} and uid = 'dies' and outcome = 'done' and attempt = 2`;
    expect(await count(db.databases(), 'outbox_attempt', history)).toBe(1);
    expect(await count(db.databases(), 'outbox_dead', `pos = ${pos}`)).toBe(0);
    expect(bench.counted.swept).toBe(0); // it was found by the mark, not by the net
  });

  test('of another organization, or none, is not found', async () => {
    const { pos } = await openWithOneDead(5_000);
    const other = await makeOrganization(bench.deps);
    const thrown: unknown = await replay(other, pos).catch((e: unknown) => e);
    expect(isAppError(thrown, 'not_found')).toBe(true);
  });
});
