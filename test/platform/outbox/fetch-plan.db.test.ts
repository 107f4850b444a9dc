// The shape of the engine's hot reads: index only, whatever the table's size. A planner that changed
// its mind would show here before it shows at a customer.

import { describe, expect, test } from '@jest/globals';
import { transaction } from '../../../server/platform/database/database.ts';
import { FETCH_MESSAGES } from '../../../server/platform/outbox/store-lanes.ts';
import { useTestDatabase } from '../../support/database.ts';
import { createBench, makeOrganization, put } from './workbench.ts';

const db = useTestDatabase();

describe('reading a lane above its mark', () => {
  test('goes by the index of the lane, never over the table', async () => {
    const bench = createBench(db.deps(), {});
    await bench.outbox.prepare();
    const orgId = await makeOrganization(bench.deps);
    for (let n = 0; n < 40; n += 1) await put(bench.deps, orgId, { uid: `plan-${n}` });
    const plan = await explain(FETCH_MESSAGES, [1, 30, 500]);
    expect(plan).toMatch(/outbox_msg_1/);
    expect(plan).not.toMatch(/Seq Scan on outbox_msg|SCAN m\b|USE TEMP B-TREE|Sort/);
  });
});

async function explain(text: string, params: readonly number[]): Promise<string> {
  const { engine } = db.databases();
  if (db.database().kind === 'sqlite') {
    const rows = await engine.query<{ detail: string }>(`explain query plan ${text}`, params);
    return rows.map((row) => row.detail).join('\n');
  }
  // As the engine's own role, in one session; a small table would be scanned if it were allowed.
  return transaction(engine, async (tx) => {
    await tx.execute('set local enable_seqscan = off');
    await tx.execute('set local enable_bitmapscan = off');
    const [lane, after, limit] = params;
    const given = text.replace('$1', String(lane)).replace('$2', String(after));
    const rows = await tx.query(`explain ${given.replace('$3', String(limit))}`);
    return rows.map((row) => String(row['QUERY PLAN'])).join('\n');
  });
}
