// Files that the configuration names, as this machine sees them. Under Helm they lie in a pod instead.

import type { PreflightContext } from './check.ts';

type Placed = Pick<PreflightContext, 'config' | 'dataDir'>;

/** Null where the file is not on this machine. */
export function onMachine(path: string, { dataDir }: Placed): string | null {
  return dataDir === null ? null : path;
}

/** Null where there is no SQLite file to look at. */
export function sqliteFile(context: Placed): string | null {
  const { database } = context.config;
  return database.kind === 'sqlite' ? onMachine(database.sqlite.file, context) : null;
}

export function keyFile(context: Placed): string | null {
  return onMachine(context.config.keys.file.path, context);
}
