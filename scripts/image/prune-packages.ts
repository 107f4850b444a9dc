// Takes away from node_modules what the image cannot run: native modules of other platforms and runtimes, C and
// C++ sources, types, source maps, documents, tests and examples of packages. Licences stay.
// `node prune-packages.ts DIR`

import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Folders that hold no code a server runs; looked for beside a package.json only, where they are conventions. */
const USELESS_FOLDERS = new Set(
  [
    'test',
    'tests',
    '__tests__',
    'docs',
    'doc',
    'example',
    'examples',
    'benchmark',
    'benchmarks',
  ].concat(['.github', 'man', 'coverage']),
);
const USELESS_FILES =
  /\.(map|ts|mts|cts|md|markdown|gyp|gypi|bare|tsbuildinfo|flow|c|cc|cpp|h|hpp)$/i;
const LICENCE = /^(licen[cs]e|notice|copying)/i;
/** Packages that are types, sources of a native module, builds for browsers that no page of ours names. */
const USELESS_PATHS = [
  '@types',
  'undici-types',
  'swagger-ui-dist/swagger-ui.js',
  'swagger-ui-dist/swagger-ui-es-bundle.js',
  'swagger-ui-dist/swagger-ui-es-bundle-core.js',
  'swagger-ui-dist/swagger-ui-standalone-preset.js',
  'better-sqlite3/deps',
  'better-sqlite3/src',
  'usearch/c',
  'usearch/cmake',
  'usearch/cpp',
  'usearch/include',
  'usearch/numkong',
];

export interface Platform {
  /** As process.platform and process.arch; the C library is glibc. */
  os: string;
  arch: string;
}

/** @returns bytes taken away */
export function prunePackages(modules: string, platform: Platform): number {
  const before = sizeOf(modules);
  // Whole, because paths are judged from their `node_modules` on.
  pruneFolder(resolve(modules), platform);
  return before - sizeOf(modules);
}

function pruneFolder(folder: string, platform: Platform): void {
  const names = readdirSync(folder);
  const isPackage = names.includes('package.json');
  for (const name of names) {
    const path = join(folder, name);
    const isFolder = lstatSync(path).isDirectory();
    if (isUseless({ name, path, isFolder, isPackage })) rmSync(path, { recursive: true });
    else if (isFolder && name === 'prebuilds') keepPlatform(path, platform);
    else if (isFolder) pruneFolder(path, platform);
  }
}

function isUseless(entry: {
  name: string;
  path: string;
  isFolder: boolean;
  isPackage: boolean;
}): boolean {
  const { name, path, isFolder, isPackage } = entry;
  if (USELESS_PATHS.some((each) => path.endsWith(`/node_modules/${each}`))) return true;
  if (isFolder) return isPackage && USELESS_FOLDERS.has(name);
  return USELESS_FILES.test(name) && !LICENCE.test(name);
}

/** `linux-x64`, `linux-x64.node`, `darwin-arm64+x64`: what another platform calls its own goes. */
function keepPlatform(prebuilds: string, { os, arch }: Platform): void {
  for (const name of readdirSync(prebuilds)) {
    const [itsOs, itsArch = ''] = name.replace(/\.node$/, '').split('-');
    const ours = itsOs === os && itsArch.split('+').includes(arch);
    if (!ours) rmSync(join(prebuilds, name), { recursive: true });
    else if (!name.endsWith('.node')) dropBare(join(prebuilds, name));
  }
}

/** Modules of the Bare runtime lie beside those of Node. */
function dropBare(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (name.endsWith('.bare')) rmSync(join(folder, name));
  }
}

function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).reduce(
    (sum, entry) =>
      entry.isFile() ? sum + lstatSync(join(entry.parentPath, entry.name)).size : sum,
    0,
  );
}

const [modules] = process.argv.slice(2);
if (import.meta.main && modules !== undefined) {
  const taken = prunePackages(modules, { os: process.platform, arch: process.arch });
  console.log(`${modules}: ${(taken / 2 ** 20).toFixed(0)} MB taken away`);
}
