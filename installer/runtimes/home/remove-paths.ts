// A step that removes files and folders.

import { isDone, type Step, toDo } from '../../engine/step.ts';
import type { Host } from '../../host/host.ts';

export function removePaths(
  host: Host,
  { name, says, paths }: { name: string; says: string; paths: readonly string[] },
): Step {
  const present = async (): Promise<string[]> => {
    const found: string[] = [];
    for (const path of paths) if ((await host.files.kind(path)) !== null) found.push(path);
    return found;
  };
  return {
    name,
    says,
    isDone: async () => {
      const found = await present();
      return found.length === 0 ? isDone('nothing there') : toDo(found.join(', '));
    },
    run: async () => {
      for (const path of await present()) await host.files.remove(path);
    },
  };
}
