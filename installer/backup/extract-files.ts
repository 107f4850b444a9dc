// Lays the files of a backup into a new folder, for a machine that has nothing but the backup: its
// appliance.yaml and its secrets are in there. The database is read and proven, and not written.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ExitError } from '../exit-codes.ts';
import { proveBackup } from './prove-backup.ts';
import type { BackupSource } from './read-backup.ts';
import { writeWhole } from './write-whole.ts';

/** @returns the paths that were written. */
export async function extractFiles(source: BackupSource, folder: string): Promise<string[]> {
  if (existsSync(folder)) {
    throw new ExitError('badInput', `--extract: expected a new folder, found ${folder}.`);
  }
  const { files } = await proveBackup(source);
  return files.map(({ part, name, mode, body }) => {
    const path = join(folder, part, name);
    writeWhole({ path, mode, body });
    return path;
  });
}
