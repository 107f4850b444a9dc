// The moment at which the server serves what was applied: started anew, or taken over while it runs where only
// live settings differ; and the way back from either.

import { basename, join } from 'node:path';
import { isDone, type Step, toDo } from '../../engine/step.ts';
import type { Host } from '../../host/host.ts';
import { takeOver } from '../config-state.ts';
import { apiOfCurrent } from '../home/api-of-current.ts';
import { type Change, changeOf } from '../home/change.ts';
import type { Layout } from '../home/layout.ts';
import type { Rendered } from '../home/render.ts';
import type { Applied } from '../home/steps.ts';
import { becomeWell, type WellBeing } from '../well.ts';
import type { Release } from './release.ts';
import type { Supervisor } from './supervisor.ts';

export interface Serve {
  change: Change;
  release: Release;
  applied: string;
  well: Omit<WellBeing, 'build'>;
}

export async function changeOfProcess(
  host: Host,
  layout: Layout,
  parts: { supervisor: Supervisor; rendered: Rendered; applied: Applied; api: string },
): Promise<Change> {
  const { supervisor, rendered, applied, api } = parts;
  return changeOf(host, layout, {
    running: (await supervisor.running())?.applied ?? null,
    wanted: {
      id: applied.id,
      serverYaml: rendered.serverYaml,
      api,
      isSameRelease: async (other) =>
        (await host.files.linkTarget(join(layout.applied, other, 'release'))) === applied.release,
    },
  });
}

export function serveStep(host: Host, supervisor: Supervisor, serve: Serve): Step {
  return serve.change.takes === 'reload'
    ? reloadStep(host, supervisor, serve)
    : restartStep(host, supervisor, serve);
}

/** Starts again what served before, and waits until it is well. */
export async function settle(
  host: Host,
  layout: Layout,
  { supervisor, serve }: { supervisor: Supervisor; serve: Serve },
): Promise<void> {
  const { change, well } = serve;
  const now = await host.files.linkTarget(layout.current);
  if (now === null) return;
  const back = { api: well.api, id: basename(now) };
  const isTakenBack = change.takes === 'reload' && (await tookOver(host, supervisor, back));
  if (!isTakenBack) await supervisor.restart();
  const before = await apiOfCurrent(host, layout);
  await becomeWell(host, { ...well, api: before ?? well.api, build: null, soakMs: 0 });
}

export async function whyEnded(supervisor: Supervisor): Promise<string | null> {
  if ((await supervisor.running()) !== null) return null;
  return `that it ended. Its last words:\n${await supervisor.lastWords()}`;
}

function restartStep(host: Host, supervisor: Supervisor, parts: Serve): Step {
  const { version, commit } = parts.release;
  return {
    name: 'serve',
    says: `the server runs release ${version} and stays well`,
    disturbs: true,
    isDone: async () => {
      const running = await supervisor.running();
      if (running === null) return toDo('nothing runs');
      const { applied } = running;
      return applied === parts.applied ? isDone('it runs') : toDo(`${applied} runs`);
    },
    run: () => supervisor.restart(),
    verify: () => becomeWell(host, { ...parts.well, build: { version, commit } }),
    undo: () => supervisor.stop(),
  };
}

/** Only live settings differ: the server goes on, and says itself what is in force. */
function reloadStep(host: Host, supervisor: Supervisor, parts: Serve): Step {
  const { undo: _, ...step } = restartStep(host, supervisor, parts);
  return {
    ...step,
    says: 'the server takes the new configuration over while it runs, and stays well',
    run: async () => {
      await takeOver(host, { api: parts.well.api, tell: () => supervisor.reload() });
      await supervisor.note(parts.applied);
    },
  };
}

/** Going back after a reload; false when only a restart helps. */
async function tookOver(
  host: Host,
  supervisor: Supervisor,
  { api, id }: { api: string; id: string },
): Promise<boolean> {
  try {
    await takeOver(host, { api, tell: () => supervisor.reload() });
    await supervisor.note(id);
    return true;
  } catch {
    // It ended, or does not take back what it took: the restart that follows mends both.
    return false;
  }
}
