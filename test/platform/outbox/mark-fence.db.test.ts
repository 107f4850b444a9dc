// Who may write a lane's mark down: only the worker that holds the shard under its present epoch, and
// only while no replay has lowered the mark. Everything below a mark is read by nobody but the sweep.

import { describe, expect, test } from '@jest/globals';
import { transaction } from '../../../server/platform/database/database.ts';
import type { Deps } from '../../../server/platform/deps.ts';
import { Feed } from '../../../server/platform/outbox/feed.ts';
import { NO_METRICS } from '../../../server/platform/outbox/metrics.ts';
import { OUTBOX_DEFAULTS } from '../../../server/platform/outbox/settings.ts';
import {
  ensureShards,
  type HeldShard,
  takeShards,
} from '../../../server/platform/outbox/store-shards.ts';
import { useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { createBench, makeOrganization, put } from './workbench.ts';

const db = useTestDatabase();
const ALL = (): boolean => true;

interface Worker {
  feed: Feed;
  held: readonly HeldShard[];
}

async function takeOver(deps: Deps, owner: string): Promise<Worker> {
  const { engine } = deps.databases;
  const held = await transaction(engine, async (tx) => {
    await ensureShards(tx);
    await tx.execute('update outbox_shard set lease_until = 0');
    return takeShards(tx, { owner, leaseMs: 60_000 });
  });
  expect(held).toHaveLength(16);
  return {
    feed: new Feed({ db: engine, log: deps.log, metrics: NO_METRICS }, OUTBOX_DEFAULTS),
    held,
  };
}

/** Reads, and handles, whatever is there, until this worker's own mark stands above `pos`. */
async function handleUpTo({ feed, held }: Worker, pos: number): Promise<void> {
  await until(`a mark at ${pos}`, async () => {
    await feed.fetch(held, ALL);
    for (const { queue } of feed.lanes()) {
      for (let next = queue.next(Infinity); next !== null; next = queue.next(Infinity)) {
        await transaction(db.databases().engine, (tx) =>
          tx.execute('delete from outbox_msg where pos = $1', [next?.pos ?? 0]),
        );
        queue.done(next);
      }
    }
    return feed.lanes().some((lane) => lane.writableMark() >= pos);
  });
}

async function marks(): Promise<number[]> {
  const rows = await db
    .databases()
    .engine.query<{ low: number }>('select low from outbox_lane order by lane_id');
  return rows.map(({ low }) => low);
}

async function openLane(): Promise<{ deps: Deps; orgId: string; pos: number }> {
  const { deps, outbox } = createBench(db.deps(), {});
  await transaction(deps.databases.engine, (tx) => tx.execute('delete from outbox_lane'));
  await outbox.prepare();
  const orgId = await makeOrganization(deps);
  const pos = await put(deps, orgId, { uid: `marked-${orgId}` });
  return { deps, orgId, pos };
}

describe('the mark of a lane', () => {
  test('is written down by the worker that holds its shard', async () => {
    const { deps, pos } = await openLane();
    const worker = await takeOver(deps, 'first');
    await handleUpTo(worker, pos);
    expect(await marks()).toEqual([0]);
    await worker.feed.persistMarks();
    expect(await marks()).toEqual([pos]);
  });

  test('is not raised by a worker that stalled while another took over', async () => {
    const { deps, orgId, pos } = await openLane();
    const stalled = await takeOver(deps, 'stalled');
    await handleUpTo(stalled, pos);
    const other = await takeOver(deps, 'other');
    await stalled.feed.persistMarks();
    expect(await marks()).toEqual([0]);
    // The lane is the other's now, and goes on from where the mark was.
    const next = await put(deps, orgId, { uid: 'after the takeover' });
    await handleUpTo(other, next);
    await other.feed.persistMarks();
    expect(await marks()).toEqual([next]);
  });

  test('is not raised over a message that was replayed since it was read', async () => {
    const { deps, pos } = await openLane();
    const worker = await takeOver(deps, 'worker');
    await handleUpTo(worker, pos);
    await transaction(deps.databases.engine, (tx) =>
      tx.execute('update outbox_lane set replays = replays + 1'),
    );
    await worker.feed.persistMarks();
    expect(await marks()).toEqual([0]);
  });
});
