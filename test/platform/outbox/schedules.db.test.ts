import { describe, expect, test } from '@jest/globals';
import {
  createSchedules,
  runOnce,
  type Schedule,
} from '../../../server/platform/outbox/schedules.ts';
import { useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { count } from './workbench.ts';

const db = useTestDatabase();

describe('a schedule', () => {
  test('runs once per bucket however many replicas ring for it', async () => {
    const ran: number[] = [];
    const schedule: Schedule = {
      name: 'once',
      everyMs: 1_000,
      run: async (bucket) => void ran.push(bucket),
    };
    const deps = [db.deps(), { ...db.deps(), databases: db.database().connect() }];
    const buckets = [1_000, 2_000, 3_000];
    await Promise.all(
      buckets.flatMap((bucket) =>
        deps.flatMap((of, index) => [
          runOnce(of, schedule, { bucket, owner: `a${index}` }),
          runOnce(of, schedule, { bucket, owner: `b${index}` }),
        ]),
      ),
    );
    expect(ran.toSorted((a, b) => a - b)).toEqual(buckets);
  });

  test('two engines ring by the clock, and each bucket runs once', async () => {
    const ran: string[] = [];
    const table: Schedule[] = [
      { name: 'tick', everyMs: 40, run: async (bucket) => void ran.push(`tick ${bucket}`) },
      { name: 'cron', cron: '* * * * * *', run: async (bucket) => void ran.push(`cron ${bucket}`) },
    ];
    const engines = ['one', 'two'].map((owner) => createSchedules(db.deps(), table, owner));
    for (const engine of engines) engine.start();
    await until('several ticks and the cron', () => {
      const ticks = ran.filter((line) => line.startsWith('tick')).length;
      return ticks >= 5 && ran.some((line) => line.startsWith('cron'));
    });
    for (const engine of engines) await engine.stop();
    expect(new Set(ran).size).toBe(ran.length);
    const cron = ran.find((line) => line.startsWith('cron'))?.slice(5);
    expect(Number(cron) % 1_000).toBe(0);
  });

  test('what it plans is in the transaction of the claim: both or neither', async () => {
    let fails = true;
    const schedule: Schedule = {
      name: 'atomic',
      everyMs: 1_000,
      plan: async (tx, bucket) => {
        await tx.execute(
          `insert into schedule_run (name, bucket, owner, created_at) values ('planned', $1, 'x', 0)`,
          [bucket],
        );
        if (fails) throw new Error('crashed while planning');
      },
    };
    const once = (): Promise<void> => runOnce(db.deps(), schedule, { bucket: 5_000, owner: 'x' });
    await expect(once()).rejects.toThrow('crashed while planning');
    expect(await count(db.databases(), 'schedule_run', `name in ('atomic', 'planned')`)).toBe(0);
    fails = false;
    await once();
    expect(await count(db.databases(), 'schedule_run', `name in ('atomic', 'planned')`)).toBe(2);
  });

  test('that fails gives its bucket back', async () => {
    let tries = 0;
    const schedule: Schedule = {
      name: 'again',
      everyMs: 1_000,
      run: async () => {
        if ((tries += 1) === 1) throw new Error('not this time');
      },
    };
    const once = (): Promise<void> => runOnce(db.deps(), schedule, { bucket: 9_000, owner: 'x' });
    await expect(once()).rejects.toThrow('not this time');
    await once();
    await once();
    expect(tries).toBe(2);
  });
});
