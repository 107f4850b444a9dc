// Which sources an image is built from: the commit, with `-dirty` when the checkout differs from it, and the
// commit's own time, so that one commit has one label. Without git: unknown, and now.

import { execFileSync } from 'node:child_process';

export interface SourceFacts {
  commit: string;
  /** RFC 3339. */
  created: string;
}

export function sourceFacts(root: string): SourceFacts {
  try {
    const git = (...args: string[]): string =>
      execFileSync('git', args, {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    const dirty = git('status', '--porcelain').trim() === '' ? '' : '-dirty';
    return {
      commit: git('rev-parse', 'HEAD').trim() + dirty,
      created: git('log', '-1', '--format=%cI').trim(),
    };
  } catch {
    // A source archive has no git folder; it still builds.
    return { commit: 'unknown', created: new Date().toISOString() };
  }
}
