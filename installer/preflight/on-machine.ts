// Where the files that the configuration names lie on this machine: in a container the data folder has
// another name than outside.

import { join, relative } from 'node:path';
import type { PreflightContext } from './check.ts';

type Placed = Pick<PreflightContext, 'config' | 'dataDir'>;

/** Null where the file is not on this machine, or cannot be seen from outside the container. */
export function onMachine(path: string, { config, dataDir }: Placed): string | null {
  if (dataDir === null) return null;
  if (dataDir === config.data_dir) return path;
  const within = relative(config.data_dir, path);
  return within.startsWith('..') ? null : join(dataDir, within);
}

/** Null where there is no SQLite file to look at. */
export function sqliteFile(context: Placed): string | null {
  const { database } = context.config;
  return database.kind === 'sqlite' ? onMachine(database.sqlite.file, context) : null;
}

export function keyFile(context: Placed): string | null {
  return onMachine(context.config.keys.file.path, context);
}
