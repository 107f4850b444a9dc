// Where the configuration that `current` points to listens; it may be elsewhere than the new one.

import { join } from 'node:path';
import { ConfigError, loadConfig } from '../../../config/load.ts';
import type { Host } from '../../host/host.ts';
import { apiUrl } from '../well.ts';
import type { Layout } from './layout.ts';

/** Null when it cannot be told. */
export async function apiOfCurrent(host: Host, layout: Layout): Promise<string | null> {
  const file = join(layout.current, 'server.yaml');
  if ((await host.files.read(file)) === null) return null;
  try {
    return apiUrl(loadConfig({ files: [file], env: {} }));
  } catch (error) {
    // Of another version's shape, perhaps.
    if (error instanceof ConfigError) return null;
    throw error;
  }
}
