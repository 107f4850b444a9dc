// The page that Prometheus scrapes.

import type { Registry } from 'prom-client';
import type { Page } from '../../platform/http/index.ts';

/** `enabled` is asked each time. */
export function metricsPage(registry: Registry, enabled: () => boolean): Page {
  return {
    path: '/metrics',
    logged: false,
    answer: async () => {
      if (!enabled()) return null;
      const body = await registry.metrics();
      const headers = { 'Cache-Control': 'no-store' };
      return { status: 200, type: registry.contentType, body, headers };
    },
  };
}
