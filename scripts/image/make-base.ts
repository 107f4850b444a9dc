// Builds the base image: debootstrap's smallest root of this machine's release, Node from npm's package, and a
// second image with npm besides. The root is kept in the user's cache folder, the images in the engine's
// storage, both under a key of everything that went in; a second run only looks.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { type AptList, findMirror } from './apt-mirror.ts';

const ROOT = join(import.meta.dirname, '../..');
/** Of minbase and what we take away; a new number makes new images. */
const RECIPE = 1;
/** Not needed to run anything, and half of what is there. */
const USELESS = [
  'usr/share/doc',
  'usr/share/man',
  'usr/share/locale',
  'var/cache/apt',
  'var/lib/apt/lists',
];

export interface BaseImages {
  base: string;
  buildBase: string;
}

export function makeBase(say: (line: string) => void): BaseImages {
  const node = join(ROOT, `node_modules/node-linux-${process.arch}`);
  const npm = npmFolder();
  if (!existsSync(join(node, 'bin/node'))) {
    throw new Error(`expected Node's package in ${node} (npm ci brings it), found none.`);
  }
  const suite = process.env['IMAGE_BASE_SUITE'] ?? ownSuite();
  const key = createHash('sha256')
    .update(JSON.stringify([RECIPE, suite, versionOf(node), versionOf(npm)]))
    .digest('hex')
    .slice(0, 12);
  const base = `localhost/sallyport-base:${key}`;
  const buildBase = `localhost/sallyport-build-base:${key}`;
  if (isThere(base) && isThere(buildBase)) return { base, buildBase };
  const root = debianRoot(suite, say);
  say(`${base}: from ${root} and ${node}`);
  commit('scratch', base, (at) => {
    execFileSync('cp', ['-a', `${root}/.`, at]);
    cpSync(join(node, 'bin/node'), join(at, 'usr/local/bin/node'));
  });
  commit(base, buildBase, (at) => {
    const modules = join(at, 'usr/local/lib/node_modules');
    mkdirSync(modules, { recursive: true });
    cpSync(npm, join(modules, 'npm'), { recursive: true });
    execFileSync('ln', [
      '-s',
      '../lib/node_modules/npm/bin/npm-cli.js',
      join(at, 'usr/local/bin/npm'),
    ]);
  });
  return { base, buildBase };
}

function debianRoot(suite: string, say: (line: string) => void): string {
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = join(cache, 'sallyport-image');
  const root = join(folder, `${suite}-${process.arch}-${RECIPE}`);
  if (existsSync(root)) return root;
  const mirror = process.env['IMAGE_BASE_MIRROR'] ?? findMirror(aptLists(), suite);
  if (mirror === null) {
    throw new Error(`expected a mirror of ${suite} in /etc/apt/sources.list(.d), found none.`);
  }
  mkdirSync(folder, { recursive: true });
  // Beside, then renamed: a run that was stopped leaves nothing that looks finished.
  const making = `${root}.${process.pid}`;
  say(`debootstrap of ${suite} (once; kept in ${folder})`);
  const log = spawnSync('debootstrap', ['--variant=minbase', suite, making, mirror], {
    encoding: 'utf8',
  });
  if (log.error !== undefined) throw log.error;
  if (log.status !== 0) {
    rmSync(making, { recursive: true, force: true });
    throw new Error(
      `debootstrap ended with ${log.status}:\n${(log.stdout + log.stderr).slice(-2_000)}`,
    );
  }
  for (const each of USELESS) rmSync(join(making, each), { recursive: true, force: true });
  renameSync(making, root);
  return root;
}

/** A new image: `from`, with what `fill` puts below the folder it is given. */
function commit(from: string, name: string, fill: (root: string) => void): void {
  const container = buildah('from', '--pull-never', from);
  try {
    fill(buildah('mount', container));
    buildah('umount', container);
    buildah('config', '--env', 'PATH=/usr/local/bin:/usr/bin:/bin', '--cmd', 'node', container);
    buildah('commit', '--quiet', '--format', 'docker', container, name);
  } finally {
    buildah('rm', container);
  }
}

function buildah(...args: string[]): string {
  return execFileSync('buildah', args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

function isThere(image: string): boolean {
  return (
    spawnSync('buildah', ['inspect', '--type', 'image', image], { stdio: 'ignore' }).status === 0
  );
}

function ownSuite(): string {
  const found = /^VERSION_CODENAME=(\S+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  if (found !== undefined) return found;
  throw new Error(
    'IMAGE_BASE_SUITE: expected the name of a Debian release, found neither it nor one in /etc/os-release.',
  );
}

function aptLists(): AptList[] {
  const folder = '/etc/apt/sources.list.d';
  const names = existsSync(folder)
    ? readdirSync(folder)
        .toSorted()
        .map((name) => join(folder, name))
    : [];
  return ['/etc/apt/sources.list', ...names]
    .filter((name) => /\.(list|sources)$/.test(name) && existsSync(name))
    .map((name) => ({ name, text: readFileSync(name, 'utf8') }));
}

/** The npm that runs this script, or the first in the PATH. */
function npmFolder(): string {
  const inPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'npm'));
  const found = [process.env['npm_execpath'] ?? '', ...inPath].find((file) => {
    return existsSync(file) && realpathSync(file).endsWith('/bin/npm-cli.js');
  });
  if (found === undefined) throw new Error('expected npm in the PATH, found none.');
  return dirname(dirname(realpathSync(found)));
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string })
    .version;
}
