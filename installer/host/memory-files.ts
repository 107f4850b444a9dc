// Files in memory, for the recording host. A copy of a folder is one effect per entry, because a real one
// can be killed between two files; everything else is one effect, because the real one is atomic.

import { basename, dirname, join, resolve } from 'node:path';
import type { Files } from './host.ts';

export type MemoryEntry =
  | { kind: 'file'; text: string; mode: number }
  | { kind: 'folder'; mode: number }
  | { kind: 'link'; target: string };

/** By absolute path. */
export type MemoryTree = Map<string, MemoryEntry>;

interface Watch {
  look(what: string): void;
  effect(what: string): void;
}

export function memoryFiles(tree: MemoryTree, watch: Watch): Files {
  const looks = looksOf(tree, watch);
  return { ...looks, ...effectsOf(tree, watch, looks.read) };
}

type Looks = Pick<Files, 'read' | 'kind' | 'mode' | 'list' | 'linkTarget'>;

function looksOf(tree: MemoryTree, { look }: Watch): Looks {
  const read: Files['read'] = async (path) => {
    look(`read ${path}`);
    const entry = follow(tree, path);
    return entry?.kind === 'file' ? entry.text : null;
  };
  return {
    read,
    kind: async (path) => {
      look(`kind ${path}`);
      return tree.get(real(tree, path))?.kind ?? null;
    },
    mode: async (path) => {
      look(`mode ${path}`);
      const entry = tree.get(real(tree, path));
      return entry === undefined || entry.kind === 'link' ? null : entry.mode;
    },
    list: async (path) => {
      look(`list ${path}`);
      return childrenOf(tree, resolved(tree, path));
    },
    linkTarget: async (path) => {
      look(`link ${path}`);
      const entry = tree.get(real(tree, path));
      return entry?.kind === 'link' ? entry.target : null;
    },
  };
}

function effectsOf(
  tree: MemoryTree,
  { effect }: Watch,
  read: Files['read'],
): Omit<Files, keyof Looks> {
  const put = (path: string, entry: MemoryEntry): void => {
    requireFolder(tree, dirname(path));
    tree.set(real(tree, path), entry);
  };
  return {
    makeFolder: async (path, mode) => {
      effect(`folder ${path}`);
      makeParents(tree, path);
      tree.set(path, { kind: 'folder', mode });
    },
    write: async (path, text, mode) => {
      effect(`write ${path}`);
      put(path, { kind: 'file', text, mode });
    },
    writeNew: async (path, text, mode) => {
      if (tree.has(real(tree, path))) return false;
      effect(`write ${path}`);
      put(path, { kind: 'file', text, mode });
      return true;
    },
    append: async (path, line) => {
      effect(`append ${path}`);
      const before = (await read(path)) ?? '';
      put(path, { kind: 'file', text: `${before}${line}\n`, mode: 0o600 });
    },
    rename: async (from, to) => {
      effect(`rename ${from} ${to}`);
      const moved = below(tree, from);
      if (moved.length === 0) throw missing(from);
      requireFolder(tree, dirname(to));
      for (const [path, entry] of moved) {
        tree.delete(path);
        tree.set(to + path.slice(from.length), entry);
      }
    },
    link: async (path, target) => {
      effect(`link ${path} ${target}`);
      put(path, { kind: 'link', target });
    },
    remove: async (path) => {
      effect(`remove ${path}`);
      for (const [each] of below(tree, path)) tree.delete(each);
    },
    removeEmpty: async (path) => {
      effect(`remove ${path}`);
      if (below(tree, path).length > 1) return false;
      tree.delete(path);
      return true;
    },
    copy: async (from, to) => {
      for (const [target, entry] of copiesOf(tree, from, to)) {
        effect(`copy ${target}`);
        makeParents(tree, target);
        tree.set(target, entry);
      }
    },
    chmod: async (path, mode) => {
      effect(`chmod ${path}`);
      const entry = tree.get(path);
      if (entry === undefined || entry.kind === 'link') throw missing(path);
      tree.set(path, { ...entry, mode });
    },
  };
}

function copiesOf(tree: MemoryTree, from: string, to: string): [string, MemoryEntry][] {
  const copied = below(tree, from);
  if (copied.length === 0) throw missing(from);
  return copied.map(([path, entry]) => [to + path.slice(from.length), { ...entry }]);
}

/** The path with the links of its folders followed, but not its own last name. */
function real(tree: MemoryTree, path: string): string {
  const parent = dirname(path);
  return parent === path ? path : join(resolved(tree, parent), basename(path));
}

function resolved(tree: MemoryTree, path: string): string {
  const at = real(tree, path);
  const entry = tree.get(at);
  if (entry?.kind !== 'link') return at;
  return resolved(tree, resolve(dirname(at), entry.target));
}

function follow(tree: MemoryTree, path: string): MemoryEntry | undefined {
  return tree.get(resolved(tree, path));
}

function below(tree: MemoryTree, path: string): [string, MemoryEntry][] {
  return [...tree].filter(([each]) => each === path || each.startsWith(`${path}/`));
}

function childrenOf(tree: MemoryTree, folder: string): string[] {
  const prefix = folder === '/' ? '/' : `${folder}/`;
  const names = [...tree.keys()]
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length).split('/')[0] ?? '');
  return [...new Set(names)].toSorted();
}

function makeParents(tree: MemoryTree, path: string): void {
  const parent = dirname(path);
  if (parent === path || tree.has(parent)) return;
  makeParents(tree, parent);
  tree.set(parent, { kind: 'folder', mode: 0o755 });
}

function requireFolder(tree: MemoryTree, path: string): void {
  if (path !== '/' && follow(tree, path)?.kind !== 'folder') throw missing(path);
}

function missing(path: string): Error {
  return Object.assign(new Error(`ENOENT: no such file or folder ${path}`), { code: 'ENOENT' });
}
