// What really imports what, as dependency-cruiser finds it with the house's own configuration; type-only
// imports count. Packages and Node's own modules are left out. A cruiser that fails is an error.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export interface Import {
  from: string;
  to: string;
}

/** Folders with sources of ours; those that do not exist yet are passed over. */
export const SOURCE_FOLDERS: readonly string[] = [
  'server',
  'config',
  'migrations',
  'installer',
  'simulators',
  'scripts',
  'console',
  'sdk',
  'bench',
];

interface Cruised {
  modules: { source: string; dependencies: { resolved: string }[] }[];
}

export function readImports(root: string): Import[] {
  const folders = SOURCE_FOLDERS.filter((folder) => existsSync(join(root, folder)));
  const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs');
  const config = join(root, '.dependency-cruiser.ts');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [cruiser, '--config', config, '--output-type', 'json', ...folders],
    { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  );
  if (!stdout.startsWith('{')) throw new Error(`dependency-cruiser said: ${stdout}${stderr}`);
  const ours = new RegExp(`^(${folders.join('|')})/`);
  return (JSON.parse(stdout) as Cruised).modules
    .filter(({ source }) => ours.test(source))
    .flatMap(({ source, dependencies }) =>
      dependencies
        .filter(({ resolved }) => ours.test(resolved))
        .map(({ resolved }) => ({ from: source, to: resolved })),
    );
}
