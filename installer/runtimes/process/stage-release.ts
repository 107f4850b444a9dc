// Copies a release beside the others: first aside, then into its place in one move. The commit is stamped
// into it, because the checkout's own git folder stays behind.

import { join } from 'node:path';
import { isDone, type Step, toDo } from '../../engine/step.ts';
import type { Host } from '../../host/host.ts';
import type { Layout } from '../home/layout.ts';
import type { Release } from './release.ts';

export function stageRelease(host: Host, layout: Layout, release: Release): Step {
  const folder = join(layout.releases, release.id);
  return {
    name: `release ${release.id}`,
    says: `release ${release.version} (commit ${release.commit.slice(0, 12)}), copied to ${folder}`,
    isDone: async () =>
      (await host.files.kind(folder)) === null ? toDo('not there') : isDone('there'),
    remember: async () => (await host.files.kind(folder)) !== null,
    run: async () => {
      const aside = join(layout.releases, `.staging-${release.id}`);
      await host.files.remove(aside);
      await host.files.makeFolder(aside, 0o755);
      for (const part of release.parts) {
        await host.files.copy(join(release.source, part), join(aside, part));
      }
      const stamp = `${JSON.stringify({ commit: release.commit })}\n`;
      await host.files.write(join(aside, 'build.json'), stamp, 0o644);
      await host.files.rename(aside, folder);
    },
    undo: async (existed) => {
      if (existed !== true) await host.files.remove(folder);
    },
  };
}
