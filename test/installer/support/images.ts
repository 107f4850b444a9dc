// Images made from the one that was built: the next release, and one per kind of broken release. Nothing is run
// to make them, so they cost a copy of a few files.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BROKEN_SOURCES } from './broken-sources.ts';

const ENGINE = 'podman';
const NAME = 'localhost/sallyport-under-test';

export interface Images {
  next: string;
  /** By kind of BROKEN_SOURCES. */
  broken: Readonly<Record<string, string>>;
  remove(): void;
}

export function makeImages(from: string): Images {
  const made: string[] = [];
  const build = (tag: string, files: Readonly<Record<string, string>>): string => {
    made.push(`${NAME}:${tag}`);
    buildImage(`${NAME}:${tag}`, from, files);
    return `${NAME}:${tag}`;
  };
  const next = build('next', {});
  const broken: Record<string, string> = {};
  for (const [kind, changes] of Object.entries(BROKEN_SOURCES)) {
    const files = Object.entries(changes).map(([name, change]): [string, string] => [
      name,
      change(sourceIn(from, name)),
    ]);
    broken[kind] = build(`broken-${made.length}`, Object.fromEntries(files));
  }
  return {
    next,
    broken,
    remove: () => {
      for (const tag of made) engine('rmi', '--force', tag);
    },
  };
}

/** From the image itself: the checkout may have moved on. */
function sourceIn(image: string, name: string): string {
  return engine('run', '--rm', '--entrypoint', 'cat', image, `/opt/sallyport/${name}`);
}

function buildImage(tag: string, from: string, files: Readonly<Record<string, string>>): void {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-image-'));
  const copies = Object.entries(files).map(([name, text]) => {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text, { mode: 0o644 });
    return `COPY ${name} /opt/sallyport/${name}`;
  });
  const lines = [`FROM ${from}`, `LABEL sallyport.test="${tag}"`, ...copies];
  writeFileSync(join(folder, 'Containerfile'), `${lines.join('\n')}\n`);
  engine('build', '--quiet', '--format', 'docker', '--tag', tag, folder);
  rmSync(folder, { recursive: true });
}

export function engine(...args: string[]): string {
  return execFileSync(ENGINE, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
