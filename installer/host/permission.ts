// What a refusal of the file system means to a person: the wrong user ran the command.

import { statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname } from 'node:path';

/** Null for anything else than a refused path. */
export function permissionMessage(error: unknown): string | null {
  const { code, path } = (error ?? {}) as { code?: unknown; path?: unknown };
  if ((code !== 'EACCES' && code !== 'EPERM') || typeof path !== 'string') return null;
  return `${path}: expected to run as ${ownerOf(path)} or root, found ${whoAmI()}.`.replace(
    'root or root',
    'root',
  );
}

/** Of the nearest folder that says whose it is. */
function ownerOf(path: string): string {
  for (let at = path; ; at = dirname(at)) {
    try {
      const { uid } = statSync(at);
      return uid === process.getuid?.() ? 'its owner' : nameOf(uid);
    } catch {
      // Behind a closed folder: the one above may say.
      if (at === dirname(at)) return 'its owner';
    }
  }
}

function nameOf(uid: number): string {
  return uid === 0 ? 'root' : `the user with id ${uid}`;
}

function whoAmI(): string {
  try {
    return `${userInfo().username} (id ${userInfo().uid})`;
  } catch {
    // An id without a name, as containers run with.
    return `id ${process.getuid?.() ?? 'unknown'}`;
  }
}
