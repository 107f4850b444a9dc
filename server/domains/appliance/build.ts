// Which build this is: the version from package.json, the commit from the file a release carries, or
// from the checkout's git folder. A build that cannot be told says `unknown` and still runs.

import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Build {
  version: string;
  commit: string;
}

/** `root` is the folder that holds package.json. */
export function readBuild(root: string): Build {
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    version: string;
  };
  return { version: manifest.version, commit: commitOf(root) };
}

function commitOf(root: string): string {
  const stamped = readIfThere(join(root, 'build.json'));
  if (stamped !== null) return (JSON.parse(stamped) as { commit: string }).commit;
  const head = readIfThere(join(root, '.git/HEAD'))?.trim();
  if (head === undefined) return 'unknown';
  const reference = /^ref: (.+)$/.exec(head)?.[1];
  if (reference === undefined) return head;
  return looseReference(root, reference) ?? packedReference(root, reference) ?? 'unknown';
}

function looseReference(root: string, reference: string): string | null {
  return readIfThere(join(root, '.git', reference))?.trim() ?? null;
}

function packedReference(root: string, reference: string): string | null {
  const packed = readIfThere(join(root, '.git/packed-refs')) ?? '';
  const line = packed.split('\n').find((each) => each.endsWith(` ${reference}`));
  return line?.split(' ')[0] ?? null;
}

function readIfThere(file: string): string | null {
  return existsSync(file) ? readFileSync(file, 'utf8') : null;
}
