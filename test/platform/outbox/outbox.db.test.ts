import { afterEach, describe, expect, test } from '@jest/globals';
import { useTestDatabase } from '../../support/database.ts';
import { type Bench, count, createBench, emptied, makeOrganization, put } from './workbench.ts';

const db = useTestDatabase();
let benches: Bench[] = [];

afterEach(async () => {
  for (const bench of benches) await bench.outbox.stop(1_000);
  benches = [];
});

async function open(
  ...args: Parameters<typeof createBench> extends [unknown, ...infer Rest] ? Rest : never
): Promise<Bench> {
  const bench = createBench(db.deps(), ...args);
  await bench.outbox.prepare();
  benches.push(bench);
  return bench;
}

describe('a message', () => {
  test('is prepared, sent and settled, and leaves with one row of history', async () => {
    const bench = await open({});
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'one', body: { payment: 'pay_1' } });
    await emptied(db.databases());
    expect(bench.steps).toEqual(['prepare:one', 'send:one', 'settle:one']);
    expect(await count(db.databases(), 'outbox_attempt', `uid = 'one' and outcome = 'done'`)).toBe(
      1,
    );
    expect(await count(db.databases(), 'outbox_retry')).toBe(0);
  });
});
