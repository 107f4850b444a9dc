// Which root keys a key file holds. The keys themselves are not looked at here.

import type { BackupFile } from './format.ts';

export function kidsOf(files: readonly BackupFile[]): readonly string[] {
  const file = files.find(({ part }) => part === 'keys');
  if (file === undefined) return [];
  const { keys } = JSON.parse(file.body.toString('utf8')) as { keys: { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

/** Root keys that rows are wrapped under and that the file does not hold: those rows would be lost. */
export function missingKids(wanted: readonly string[], files: readonly BackupFile[]): string[] {
  const held = new Set(kidsOf(files));
  return wanted.filter((kid) => !held.has(kid));
}
