// Files of the real machine. A written file is whole and on the disk before anybody can see it: bytes
// aside, flush, rename, flush of the folder.

import { constants } from 'node:fs';
import {
  chmod,
  cp,
  link,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  rmdir,
  symlink,
} from 'node:fs/promises';
import { dirname } from 'node:path';
import type { EntryKind, Files } from './host.ts';

const STAYS = new Set(['ENOTEMPTY', 'EEXIST', 'ENOTDIR', 'EBUSY', 'EACCES', 'EPERM']);

export function realFiles(): Files {
  return {
    kind: async (path) => {
      const stat = await orNull(lstat(path));
      return stat === null ? null : kindOf(stat);
    },
    read: (path) => orNull(readFile(path, 'utf8')),
    mode: async (path) => {
      const stat = await orNull(lstat(path));
      return stat === null ? null : stat.mode & 0o777;
    },
    list: async (path) => ((await orNull(readdir(path))) ?? []).toSorted(),
    linkTarget: async (path) => {
      const stat = await orNull(lstat(path));
      return stat?.isSymbolicLink() === true ? readlink(path) : null;
    },
    makeFolder: async (path, mode) => {
      await mkdir(path, { recursive: true });
      await chmod(path, mode);
    },
    write: async (path, text, mode) => {
      const aside = await writeAside(path, text, mode);
      await rename(aside, path);
      await flushFolder(dirname(path));
    },
    writeNew: writeNew,
    append: async (path, line) => {
      const handle = await open(path, 'a', 0o600);
      try {
        await handle.write(`${line}\n`);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
    rename: async (from, to) => {
      await rename(from, to);
      await flushFolder(dirname(to));
    },
    link: async (path, target) => {
      const aside = `${path}.${process.pid}.new`;
      await rm(aside, { force: true });
      await symlink(target, aside);
      await rename(aside, path);
      await flushFolder(dirname(path));
    },
    remove: (path) => rm(path, { recursive: true, force: true }),
    removeEmpty: async (path) => {
      try {
        await rmdir(path);
        return true;
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code ?? '';
        if (code === 'ENOENT') return true;
        // With a mount on it, or in a folder of somebody else's, it can only stay.
        if (STAYS.has(code)) return false;
        throw error;
      }
    },
    // A clone where the file system can; verbatim links, because a release is moved afterwards.
    copy: async (from, to) => {
      await mkdir(dirname(to), { recursive: true });
      await cp(from, to, {
        recursive: true,
        verbatimSymlinks: true,
        mode: constants.COPYFILE_FICLONE,
      });
    },
    chmod: (path, mode) => chmod(path, mode),
  };
}

async function writeNew(path: string, text: string, mode: number): Promise<boolean> {
  const aside = await writeAside(path, text, mode);
  try {
    // A link never replaces what is there.
    await link(aside, path);
    await flushFolder(dirname(path));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function writeAside(path: string, text: string, mode: number): Promise<string> {
  const aside = `${path}.${process.pid}.new`;
  await rm(aside, { force: true });
  const handle = await open(aside, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return aside;
}

async function flushFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function kindOf(stat: { isSymbolicLink(): boolean; isDirectory(): boolean }): EntryKind {
  if (stat.isSymbolicLink()) return 'link';
  return stat.isDirectory() ? 'folder' : 'file';
}

async function orNull<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}
