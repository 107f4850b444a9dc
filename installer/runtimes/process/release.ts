// A release as a folder: our sources, the packages it runs with, its own Node where it brings one. From a
// checkout the packages of development are left out, by the lock file's own marks. Its name is its version
// and the digest of its sources, so that two that differ never share a folder.

import { join } from 'node:path';
import type { Host } from '../../host/host.ts';
import { shortDigest } from '../home/digest.ts';

export interface Release {
  id: string;
  version: string;
  commit: string;
  /** The folder it was found in. */
  source: string;
  /** Files and folders to copy, relative. */
  parts: readonly string[];
  /** The trust root it carries. */
  trustRoot: string;
}

const SOURCES = ['config', 'installer', 'migrations', 'scripts', 'server', 'simulators'];
const SINGLE = ['package.json', 'package-lock.json'];
/** Packages that carry Node itself: their headers and pages are not needed to run. */
const NODE_PACKAGE = /^node_modules\/node-(?:linux|darwin|win)-(?:x64|arm64)$/;

interface LockFile {
  packages: Record<string, { dev?: boolean }>;
}

export async function readRelease(host: Host, source: string): Promise<Release> {
  const text = async (name: string): Promise<string> => {
    const found = await host.files.read(join(source, name));
    if (found === null) {
      throw new Error(`${source}: expected the folder of a release, found no ${name} in it`);
    }
    return found;
  };
  const manifest = JSON.parse(await text('package.json')) as { version: string };
  const lock = JSON.parse(await text('package-lock.json')) as LockFile;
  const contents: string[] = [];
  for (const name of SINGLE) contents.push(`${name}\n${await text(name)}`);
  for (const name of SOURCES) await collect(host, source, name, contents);
  const commit = await commitOf(host, source);
  const packages = await packagesOf(host, source, lock);
  return {
    id: `${manifest.version}-${shortDigest([commit, ...contents].join('\n'))}`,
    version: manifest.version,
    commit,
    source,
    parts: [...SINGLE, ...SOURCES, ...packages],
    trustRoot: await text('config/trust/root.json'),
  };
}

/** Where Node is: the release's own, or the one that runs this. */
export async function nodeOf(host: Host, folder: string): Promise<string> {
  const own = join('node_modules', `node-${process.platform}-${process.arch}`, 'bin/node');
  return (await host.files.kind(join(folder, own))) === null ? process.execPath : join(folder, own);
}

async function collect(
  host: Host,
  source: string,
  path: string,
  contents: string[],
): Promise<void> {
  const kind = await host.files.kind(join(source, path));
  if (kind === 'file') contents.push(`${path}\n${await host.files.read(join(source, path))}`);
  if (kind !== 'folder') return;
  for (const name of await host.files.list(join(source, path))) {
    await collect(host, source, `${path}/${name}`, contents);
  }
}

async function packagesOf(host: Host, source: string, lock: LockFile): Promise<string[]> {
  const found: string[] = [];
  for (const [path, { dev }] of Object.entries(lock.packages)) {
    const isTop = path.startsWith('node_modules/') && !path.slice(13).includes('/node_modules/');
    if (!isTop || dev === true) continue;
    // An optional package of another platform is in the lock and not on the disk.
    if ((await host.files.kind(join(source, path))) === null) continue;
    if (NODE_PACKAGE.test(path)) found.push(`${path}/package.json`, `${path}/bin`);
    else found.push(path);
  }
  return found.toSorted();
}

/** As the server finds it (server/domains/appliance/build.ts): the stamp of a release, or the checkout's. */
async function commitOf(host: Host, source: string): Promise<string> {
  const stamped = await host.files.read(join(source, 'build.json'));
  if (stamped !== null) return (JSON.parse(stamped) as { commit: string }).commit;
  const head = (await host.files.read(join(source, '.git/HEAD')))?.trim();
  if (head === undefined) return 'unknown';
  const reference = /^ref: (.+)$/.exec(head)?.[1];
  if (reference === undefined) return head;
  const loose = await host.files.read(join(source, '.git', reference));
  if (loose !== null) return loose.trim();
  const packed = (await host.files.read(join(source, '.git/packed-refs'))) ?? '';
  const line = packed.split('\n').find((each) => each.endsWith(` ${reference}`));
  return line?.split(' ')[0] ?? 'unknown';
}
