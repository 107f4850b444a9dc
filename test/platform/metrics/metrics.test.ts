import { describe, expect, test } from '@jest/globals';
import { metricsPage } from '../../../server/domains/appliance/index.ts';
import { createMetrics, measureConnections } from '../../../server/platform/metrics/metrics.ts';

const build = { version: '1.2.3', commit: 'c0ffee' };

describe('createMetrics', () => {
  test('makes registries that know nothing of each other', async () => {
    const [one, two] = [createMetrics(build), createMetrics(build)];
    one.counter({ name: 'sallyport_things_total', help: 'Things.' }).inc();
    expect(await one.registry.metrics()).toContain('sallyport_things_total 1');
    expect(await two.registry.metrics()).not.toContain('sallyport_things_total');
  });

  test('refuses a second metric of the same name', () => {
    const metrics = createMetrics(build);
    metrics.counter({ name: 'sallyport_things_total', help: 'Things.' });
    expect(() => metrics.counter({ name: 'sallyport_things_total', help: 'Again.' })).toThrow();
  });

  test('asks a collecting gauge at each scrape', async () => {
    const metrics = createMetrics(build);
    let open = 3;
    measureConnections(metrics, () => ({ open, idle: 1 }));
    expect(await metrics.registry.metrics()).toContain('db_pool_connections{state="open"} 3');
    open = 4;
    expect(await metrics.registry.metrics()).toContain('db_pool_connections{state="open"} 4');
  });

  test('tells the build and the event loop', async () => {
    const text = await createMetrics(build).registry.metrics();
    expect(text).toContain('sallyport_build_info{version="1.2.3",commit="c0ffee"} 1');
    expect(text).toContain('nodejs_eventloop_lag_seconds');
  });
});

test('/metrics is in the format that Prometheus scrapes', async () => {
  const metrics = createMetrics(build);
  const answer = await metricsPage(metrics.registry, () => true).answer('', new URLSearchParams());
  expect(answer?.type).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(String(answer?.body)).toMatch(/^# HELP /);
});
