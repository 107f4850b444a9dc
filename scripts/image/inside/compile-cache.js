// The compiled code that was baked into the image, for whatever UID runs it. Node keeps its cache in a folder
// named after its version and the UID; the image knows only the UID it was built by. So a link of the right name
// in /tmp leads to the baked folder, which stays read-only. Without /tmp the server just starts slower.

import { lstatSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BAKED = fileURLToPath(new URL('../../../.compile-cache', import.meta.url));

/** @returns {string | null} the folder in use */
export function useCompileCache() {
  if (process.env['NODE_COMPILE_CACHE'] !== undefined) return null;
  try {
    const folder = linkBaked(BAKED, tmpdir(), process.getuid());
    enableCompileCache(folder);
    // Child processes find it too.
    process.env['NODE_COMPILE_CACHE'] = folder;
    return folder;
  } catch {
    // No cache baked in, or nowhere to put the link: a slower start is all there is to lose.
    return null;
  }
}

/** Exported for its test. Throws when the folder is somebody else's: he could slip in code of his own. */
export function linkBaked(baked, temporary, uid) {
  const folder = join(temporary, `sallyport-compiled-${uid}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const { uid: owner, mode } = lstatSync(folder);
  if (owner !== uid || (mode & 0o022) !== 0) throw new Error(`${folder} is not ours alone.`);
  const [name] = readdirSync(baked);
  const target = join(baked, name);
  const link = join(folder, name.replace(/-\d+$/, `-${uid}`));
  try {
    symlinkSync(target, link);
  } catch (error) {
    if (error.code !== 'EEXIST' || readlinkSync(link) !== target) throw error;
  }
  return folder;
}
