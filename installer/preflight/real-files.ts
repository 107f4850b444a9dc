// Files and filesystems of the real machine, for the checks. What a probe writes it removes again.

import { randomBytes } from 'node:crypto';
import { open, readdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileFacts, FilesystemFacts } from './host.ts';

const PERMISSION_BITS = 0o7777;
const READ_BYTES_MAX = 4 * 1024 * 1024;
/** About what one small commit appends to a write-ahead log. */
const APPEND_BYTES = 4096;

export async function readText(file: string): Promise<string | null> {
  const facts = await statFile(file);
  // Files below /proc say they are empty; a device or a pipe may never end.
  if (facts?.kind !== 'file' || facts.size > READ_BYTES_MAX) return null;
  return readFile(file, 'utf8').catch(nullIfHidden);
}

export async function statFile(path: string): Promise<FileFacts | null> {
  const found = await stat(path).catch(nullIfHidden);
  if (found === null) return null;
  return {
    kind: found.isFile() ? 'file' : found.isDirectory() ? 'folder' : 'other',
    mode: found.mode & PERMISSION_BITS,
    uid: found.uid,
    gid: found.gid,
    size: found.size,
    modifiedMs: found.mtimeMs,
  };
}

export async function listFolder(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch(nullIfHidden);
  return names?.toSorted() ?? [];
}

export async function statFilesystem(path: string): Promise<FilesystemFacts> {
  const found = await statfs(path);
  return {
    type: found.type,
    bytesTotal: found.blocks * found.bsize,
    bytesFree: found.bavail * found.bsize,
    inodesTotal: found.files,
    inodesFree: found.ffree,
  };
}

export async function canWrite(folder: string): Promise<boolean> {
  const probe = probeIn(folder);
  try {
    await writeFile(probe, 'probe', { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR'].includes(codeOf(error))) return false;
    throw error;
  } finally {
    await rm(probe, { force: true }).catch(nullIfHidden);
  }
}

export async function measureSync(folder: string, count: number): Promise<readonly number[]> {
  const probe = probeIn(folder);
  const handle = await open(probe, 'wx', 0o600);
  const block = randomBytes(APPEND_BYTES);
  const took: number[] = [];
  try {
    for (let round = 0; round < count; round += 1) {
      await handle.write(block);
      const start = performance.now();
      await handle.sync();
      took.push(performance.now() - start);
    }
    return took;
  } finally {
    await handle.close();
    await rm(probe, { force: true });
  }
}

function probeIn(folder: string): string {
  return join(folder, `.sallyport-preflight-${randomBytes(6).toString('hex')}`);
}

function nullIfHidden(error: unknown): null {
  if (['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS'].includes(codeOf(error))) return null;
  throw error;
}

function codeOf(error: unknown): string {
  return String((error as { code?: unknown }).code);
}
