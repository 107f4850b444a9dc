// The page that Prometheus scrapes.

import type { Registry } from 'prom-client';
import type { Page } from '../../platform/http/index.ts';

export function metricsPage(registry: Registry): Page {
  return {
    path: '/metrics',
    logged: false,
    answer: async () => ({
      status: 200,
      type: registry.contentType,
      body: await registry.metrics(),
      headers: { 'Cache-Control': 'no-store' },
    }),
  };
}
