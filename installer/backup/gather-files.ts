// Reads the files of a backup into memory: keys, certificates, configuration, secrets. All are small.

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { ExitError } from '../exit-codes.ts';
import { type BackupFile, FILE_BYTES_MAX } from './format.ts';
import type { Place } from './places.ts';

/** Places that hold nothing are passed over; links are followed, as a mounted secret is one. */
export function gatherFiles(places: readonly Place[]): BackupFile[] {
  const all = places.flatMap((place) => {
    const found = statSync(place.path, { throwIfNoEntry: false });
    if (found === undefined) return [];
    if (found.isDirectory()) return below(place.path).map((name) => readAt(place, name));
    return [readAt(place, null)];
  });
  // What was applied lies in the home too; the later one is what runs.
  return [...new Map(all.map((file) => [`${file.part}/${file.name}`, file])).values()];
}

/** Drafts and hidden entries (a mounted secret's `..data`) are nobody's. */
function below(folder: string, prefix = ''): string[] {
  return readdirSync(join(folder, prefix))
    .toSorted()
    .flatMap((entry) => {
      if (entry.startsWith('.') || entry.endsWith('.draft')) return [];
      const name = prefix === '' ? entry : `${prefix}/${entry}`;
      return statSync(join(folder, name)).isDirectory() ? below(folder, name) : [name];
    });
}

function readAt(place: Place, inside: string | null): BackupFile {
  const path = inside === null ? place.path : join(place.path, inside);
  const { size, mode } = statSync(path);
  if (size > FILE_BYTES_MAX) {
    throw new ExitError(
      'badInput',
      `${path}: expected a file of at most ${FILE_BYTES_MAX} bytes, found ${size}.`,
    );
  }
  const name = inside ?? place.name ?? '';
  return { part: place.part, name, mode: mode & 0o700, body: readFileSync(path) };
}
