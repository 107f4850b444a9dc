// Which release makes or reads a backup: the version of package.json, and the commit that a release carries
// in build.json (`unknown` in a checkout).

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export function readRelease(): { version: string; commit: string } {
  const read = (name: string): Record<string, string> =>
    JSON.parse(readFileSync(join(ROOT, name), 'utf8')) as Record<string, string>;
  const stamped = existsSync(join(ROOT, 'build.json')) ? read('build.json')['commit'] : undefined;
  return { version: read('package.json')['version'] ?? 'unknown', commit: stamped ?? 'unknown' };
}
