import { describe, expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createOutboxMetrics } from '../../../server/platform/outbox/metrics.ts';
import { useTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { createBench, emptied, makeOrganization, put } from './workbench.ts';

const db = useTestDatabase();

describe('the outbox’s numbers', () => {
  test('tell depth, age, attempts by outcome, doubts and the breaker', async () => {
    const registry = new Registry();
    let up = false;
    const bench = createBench(
      db.deps(),
      {
        send: async () =>
          up ? { kind: 'answered', answer: 'ok', status: 200 } : { kind: 'unknown', reason: 'cut' },
        settle: async (_tx, _message, sent) =>
          sent.kind === 'answered' ? { kind: 'done' } : { kind: 'indeterminate', reason: 'cut' },
      },
      {
        destinations: { test: { failuresToOpen: 1, openMs: 200, openMsMax: 200 } },
        metrics: createOutboxMetrics(
          registry,
          () => bench.outbox.backlog(),
          () => db.world().clock.now(),
        ),
      },
    );
    await bench.outbox.prepare();
    const orgId = await makeOrganization(bench.deps);
    await bench.outbox.start();
    await put(bench.deps, orgId, { uid: 'm1' });
    await until('the breaker', () => bench.outbox.health('test').breaker === 'open');
    await put(bench.deps, orgId, { uid: 'm2' });
    const doubt = await until('the doubt', async () => {
      const text = await registry.metrics();
      return text.includes('sallyport_outbox_indeterminate{destination="test"} 1') ? text : null;
    });
    expect(doubt).toContain('sallyport_outbox_depth{destination="test"} 2');
    // Every 200 ms one more look may have gone out, through a breaker that is half open meanwhile.
    expect(doubt).toMatch(/outbox_breaker_state\{destination="test"\} [12]\n/);
    expect(doubt).toMatch(
      /outbox_attempts_total\{type="test.effect",destination="test",outcome="indeterminate"\} [1-9]/,
    );
    up = true;
    await emptied(db.databases());
    const after = await registry.metrics();
    expect(after).toContain('sallyport_outbox_depth{destination="test"} 0');
    expect(after).toContain('sallyport_outbox_oldest_age_seconds{destination="test"} 0');
    expect(after).toContain('sallyport_outbox_breaker_state{destination="test"} 0');
    expect(after).toContain('sallyport_outbox_swept_total 0');
    await bench.outbox.stop(1_000);
  });
});
