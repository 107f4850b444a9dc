// Where a backup goes: standard output, or a file that appears under its name only when it is whole and on
// the disk. What was begun and did not end is called `.partial`.

import { createWriteStream, existsSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ExitError } from '../exit-codes.ts';
import { syncFolder, writeWhole } from './write-whole.ts';

export const STANDARD_OUTPUT = '-';

export function refuseExisting(out: string): void {
  if (out === STANDARD_OUTPUT || !existsSync(out)) return;
  throw new ExitError('badInput', `--out: expected a new file, found ${out}. It was not touched.`);
}

export async function saveBackup(sealed: Readable, out: string): Promise<void> {
  if (out === STANDARD_OUTPUT) {
    await pipeline(sealed, process.stdout, { end: false });
    return;
  }
  const partial = `${out}.partial`;
  rmSync(partial, { force: true });
  try {
    await pipeline(sealed, createWriteStream(partial, { flags: 'wx', mode: 0o600, flush: true }));
    renameSync(partial, out);
  } catch (error) {
    rmSync(partial, { force: true });
    throw error;
  }
  syncFolder(dirname(out));
}

/** For the preflight check that asks how old the last backup is. */
export function noteBackup(
  home: string,
  note: { finished_at: string; id: string; out: string },
): void {
  const body = Buffer.from(`${JSON.stringify(note)}\n`);
  writeWhole({ path: join(home, 'state/backup.json'), mode: 0o600, body });
}
