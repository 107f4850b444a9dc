// The part of a path that is there already: what a folder that is yet to be made will lie in.

import { dirname } from 'node:path';
import type { PreflightHost } from './host.ts';

export async function nearestFolder(
  host: Pick<PreflightHost, 'stat'>,
  path: string,
): Promise<string> {
  let at = path;
  while ((await host.stat(at))?.kind !== 'folder') {
    const above = dirname(at);
    if (above === at) return at;
    at = above;
  }
  return at;
}
