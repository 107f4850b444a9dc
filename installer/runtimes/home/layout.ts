// What lies where below `home` (docs/box.md has the table). Paths only.

import { join, relative } from 'node:path';

export interface Layout {
  home: string;
  data: string;
  secrets: string;
  config: string;
  trustRoot: string;
  trustDigest: string;
  releases: string;
  /** One folder per release and configuration that was applied. */
  applied: string;
  /** Links to the applied that runs, and to the one before. */
  current: string;
  previous: string;
  /** Within `applied`, for a container that sees nothing else: a link to the one it reads. */
  serving: string;
  state: string;
  log: string;
  /** What `sallyport story` keeps between two runs. */
  story: string;
}

export function layoutOf(home: string): Layout {
  return {
    home,
    data: join(home, 'data'),
    secrets: join(home, 'secrets'),
    config: join(home, 'config'),
    trustRoot: join(home, 'config/trust/root.json'),
    trustDigest: join(home, 'config/trust/root.sha256'),
    releases: join(home, 'releases'),
    applied: join(home, 'applied'),
    current: join(home, 'current'),
    previous: join(home, 'previous'),
    serving: join(home, 'applied/serving'),
    state: join(home, 'state'),
    log: join(home, 'state/server.log'),
    story: join(home, 'story'),
  };
}

/** The names directly below `home` that are ours; whatever else lies there is somebody's own. */
export function ownNames(layout: Layout): readonly string[] {
  const below = Object.values(layout).map((path: string) => relative(layout.home, path));
  return [...new Set(below.map((path) => path.split('/')[0] ?? ''))].filter((name) => name !== '');
}
