// The moment at which the container serves what was applied: made anew, or told to take it over while it runs
// where only live settings differ; and the way back from either.

import { basename, join } from 'node:path';
import { isDone, type Step, toDo } from '../../engine/step.ts';
import type { Host } from '../../host/host.ts';
import { takeOver } from '../config-state.ts';
import { apiOfCurrent } from '../home/api-of-current.ts';
import { type Change, changeOf } from '../home/change.ts';
import type { Layout } from '../home/layout.ts';
import { becomeWell, type ExpectedBuild, type WellBeing } from '../well.ts';
import type { Containers } from './containers.ts';
import { keptImageId } from './image-identity.ts';

export interface Serve {
  change: Change;
  id: string;
  image: string;
  /** Of the image, once it is here. */
  build: () => Promise<ExpectedBuild>;
  /** Of the container. */
  name: string;
  well: Omit<WellBeing, 'build'>;
}

export async function changeOfContainer(
  host: Host,
  layout: Layout,
  {
    containers,
    wanted,
  }: {
    containers: Containers;
    wanted: {
      id: string;
      image: string;
      imageId: string | null;
      serverYaml: string;
      api: string;
    };
  },
): Promise<Change> {
  const found = await containers.serving();
  const isSameRelease = async (other: string): Promise<boolean> => {
    const image = (await host.files.read(join(layout.applied, other, 'image')))?.trim();
    const kept = await keptImageId(host, layout, other);
    const isSameId = kept === null || wanted.imageId === null || kept === wanted.imageId;
    return image === wanted.image && isSameId;
  };
  return changeOf(host, layout, {
    running: found?.running === true ? found.applied : null,
    wanted: { ...wanted, isSameRelease },
  });
}

export function serveStep(host: Host, containers: Containers, serve: Serve): Step {
  return serve.change.takes === 'reload'
    ? reloadStep(host, containers, serve)
    : replaceStep(host, containers, serve);
}

/** Starts again what served before, and waits until it is well. */
export async function settle(
  host: Host,
  layout: Layout,
  { containers, serve }: { containers: Containers; serve: Serve },
): Promise<void> {
  const { change, well } = serve;
  const now = await host.files.linkTarget(layout.current);
  if (now === null) return;
  const back = { id: basename(now), api: well.api };
  if (change.takes !== 'reload') await containers.ensure(back.id);
  else if (!(await tookOver(host, containers, back))) await containers.remake(back.id);
  const before = await apiOfCurrent(host, layout);
  await becomeWell(host, { ...well, api: before ?? well.api, build: null, soakMs: 0 });
}

function replaceStep(host: Host, containers: Containers, parts: Serve): Step {
  const { id, image, name, well } = parts;
  return {
    name: 'serve',
    says: `the container ${name} runs ${image} and stays well`,
    disturbs: true,
    isDone: async () => {
      const found = await containers.serving();
      if (found === null) return toDo('no container');
      if (found.applied !== id) return toDo(`it runs ${found.applied}`);
      return found.running ? isDone('it runs') : toDo('it does not run');
    },
    run: () => containers.replace(id),
    verify: async () => becomeWell(host, { ...well, build: await parts.build() }),
    undo: () => containers.putBack(id),
  };
}

/** Only live settings differ: the container goes on, and its server says itself what is in force. */
function reloadStep(host: Host, containers: Containers, parts: Serve): Step {
  const { undo: _, ...step } = replaceStep(host, containers, parts);
  const { id, well } = parts;
  return {
    ...step,
    says: 'the container takes the new configuration over while it runs, and stays well',
    run: async () => {
      await takeOver(host, { api: well.api, tell: () => containers.reload(id) });
      await containers.note(id);
    },
  };
}

/** Going back after a reload; false when only a restart helps. */
async function tookOver(
  host: Host,
  containers: Containers,
  { id, api }: { id: string; api: string },
): Promise<boolean> {
  try {
    await takeOver(host, { api, tell: () => containers.reload(id) });
    await containers.note(id);
    return true;
  } catch {
    // It ended, or does not take back what it took: the restart that follows mends both.
    return false;
  }
}
