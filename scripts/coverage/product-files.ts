// Which files count as product code: the folders that ship, and the developer's own scripts. A file nobody
// ever loaded is in the list too, so that it counts as uncovered.

import { readdirSync } from 'node:fs';
import { join, relative, sep } from 'node:path';

export const PRODUCT_FOLDERS = [
  'server',
  'config',
  'installer',
  'migrations',
  'simulators',
  'scripts',
] as const;

/** Paths relative to the root, with forward slashes. */
export function listProductFiles(root: string): string[] {
  return PRODUCT_FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && isSource(entry.name))
      .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/')),
  ).toSorted();
}

function isSource(name: string): boolean {
  return /\.(ts|js)$/.test(name) && !name.endsWith('.d.ts');
}
