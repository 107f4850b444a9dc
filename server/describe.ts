// What `check` prints: the steps of a request in their order, and the table of routes with the action that
// each checks. The same list that the app was built from, so it cannot say another thing.

import type { HttpApp } from './platform/http/index.ts';
import type { AnyRoute } from './platform/http/route.ts';

export function describeApp(app: HttpApp, routes: readonly AnyRoute[]): string {
  const width = Math.max(...routes.map((route) => route.path.length));
  const lines = routes.map(
    (route) => `  ${route.method.padEnd(7)}${route.path.padEnd(width + 2)}${route.action}`,
  );
  const steps = app.steps.map((step, index) => `  ${String(index + 1).padStart(2)}. ${step}`);
  return ['steps', ...steps, `routes (${routes.length})`, ...lines].join('\n');
}

export function refuseUnhealthy({ ok, detail }: { ok: boolean; detail: string }): void {
  if (!ok) throw new Error(detail);
}
