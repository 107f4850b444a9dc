// Stops the run's Postgres and removes its folder.

import { CLUSTER_KEY, type RunningCluster } from './global-setup.ts';

// jest calls the default export.
export default async function stopPostgres(): Promise<void> {
  const running = (globalThis as unknown as Record<symbol, RunningCluster | undefined>)[
    CLUSTER_KEY
  ];
  await running?.stop();
}
