// A restore that did not end leaves its mark in the data folder; what is there is not a whole box yet.

import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** installer/backup/restore-marker.ts sets and removes it. */
const MARK = 'restore-in-progress.json';

/** @throws when the mark is there, naming the remedy. */
export function refuseHalfRestored(dataDir: string): void {
  const mark = join(dataDir, MARK);
  if (!existsSync(mark)) return;
  throw new Error(
    `expected a whole box, found ${mark}: a restore was begun and did not end. Run the same \`sallyport restore\` again; it goes on and takes the mark away.`,
  );
}
