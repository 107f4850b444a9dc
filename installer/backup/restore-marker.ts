// The mark of an unfinished restore, in the data folder. A server that finds it does not start. It also
// remembers which files the restore will write, so that a second run can tell its own from the customer's.

import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { syncFolder, writeWhole } from './write-whole.ts';

/** server/run-role.ts looks for this name. */
const NAME = 'restore-in-progress.json';

export interface RestoreMark {
  backup_id: string;
  backup_created_at: string;
  started_at: string;
  /** Files that were not there when the restore began. */
  writes: readonly string[];
}

export function readMark(dataDir: string): RestoreMark | null {
  const file = join(dataDir, NAME);
  if (!existsSync(file)) return null;
  // The words are for who finds the mark; a finished restore must not repeat them.
  const { remedy: _, ...mark } = JSON.parse(readFileSync(file, 'utf8')) as RestoreMark & {
    remedy?: string;
  };
  return mark;
}

export function setMark(dataDir: string, mark: RestoreMark): void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const remedy = 'A restore was begun and did not end. Run the same `sallyport restore` again.';
  const body = Buffer.from(`${JSON.stringify({ remedy, ...mark }, null, 2)}\n`);
  writeWhole({ path: join(dataDir, NAME), mode: 0o600, body });
}

export function removeMark(dataDir: string): void {
  rmSync(join(dataDir, NAME), { force: true });
  syncFolder(dataDir);
}
