import { expect, test } from '@jest/globals';
import { Registry } from 'prom-client';
import { createOutboxMetrics } from '../../../server/platform/outbox/metrics.ts';

test('one scrape tells the numbers of one read, not those of the scrape before', async () => {
  const registry = new Registry();
  let reads = 0;
  const waiting = [
    { destination: 'test', messages: 2, oldestCreatedAt: 1_000, indeterminate: 1, dead: 3 },
    { destination: 'test', messages: 0, oldestCreatedAt: null, indeterminate: 0, dead: 3 },
  ];
  const read = async () => {
    const row = waiting[reads] ?? waiting[1]!;
    reads += 1;
    await new Promise((resolve) => setImmediate(resolve));
    return [row];
  };
  createOutboxMetrics(registry, read, () => 4_000);
  const first = await registry.metrics();
  expect(first).toContain('sallyport_outbox_depth{destination="test"} 2');
  expect(first).toContain('sallyport_outbox_oldest_age_seconds{destination="test"} 3');
  expect(first).toContain('sallyport_outbox_indeterminate{destination="test"} 1');
  expect(first).toContain('sallyport_outbox_dead{destination="test"} 3');
  const second = await registry.metrics();
  expect(second).toContain('sallyport_outbox_oldest_age_seconds{destination="test"} 0');
  expect(second).toContain('sallyport_outbox_indeterminate{destination="test"} 0');
  expect(reads).toBe(2);
});
