// A tag may mean another image tomorrow: which one an applied configuration was made with is kept beside it, so
// that plan sees the difference and going back starts the very image that served.

import { join } from 'node:path';
import { isDone, type Step, toDo } from '../../engine/step.ts';
import type { Host } from '../../host/host.ts';
import type { Layout } from '../home/layout.ts';
import type { Engine } from './engine.ts';

const NAME = 'image-id';
const SHORT_HEX = 12;

/** Null where none was kept. */
export async function keptImageId(
  host: Host,
  layout: Layout,
  applied: string,
): Promise<string | null> {
  return (await host.files.read(join(layout.applied, applied, NAME)))?.trim() ?? null;
}

/** `base` names image and configuration; another image of the same name makes it another applied. */
export async function appliedIdOf(
  host: Host,
  layout: Layout,
  { base, imageId }: { base: string; imageId: string | null },
): Promise<string> {
  if (imageId === null) return base;
  const own = `${base}-${imageId.slice(0, SHORT_HEX)}`;
  for (const id of [base, own]) {
    if ((await keptImageId(host, layout, id)) === imageId) return id;
  }
  return (await keptImageId(host, layout, base)) === null ? base : own;
}

export function imageIdentity(
  host: Host,
  layout: Layout,
  { engine, id, image }: { engine: Engine; id: string; image: string },
): Step {
  const file = join(layout.applied, id, NAME);
  return {
    name: `image identity ${id}`,
    says: `which image ${image} is now, kept beside the configuration`,
    isDone: async () => {
      const kept = await keptImageId(host, layout, id);
      if (kept !== null) return isDone(kept.slice(0, SHORT_HEX));
      const found = await engine.imageId(image);
      return toDo(found === null ? 'not here yet' : `${found.slice(0, SHORT_HEX)}, not kept yet`);
    },
    run: async () => {
      const found = await engine.imageId(image);
      if (found === null) throw new Error(`expected the image ${image} to say its id, found none`);
      await host.files.write(file, `${found}\n`, 0o600);
    },
    // Where the folder was not there before the run it goes as a whole.
    undo: () => host.files.remove(file),
  };
}
