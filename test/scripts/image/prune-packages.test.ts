// What is taken out of node_modules and, as important, what is left in.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { prunePackages } from '../../../scripts/image/prune-packages.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'prune-'));
});
afterEach(() => rmSync(root, { recursive: true }));

function prune(files: readonly string[]): string[] {
  const modules = join(root, 'node_modules');
  for (const file of files) {
    mkdirSync(dirname(join(modules, file)), { recursive: true });
    writeFileSync(join(modules, file), 'x');
  }
  prunePackages(modules, { os: 'linux', arch: 'x64' });
  return readdirSync(modules, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(modules.length + 1))
    .toSorted();
}

describe('prunePackages', () => {
  test('judges a relative path like a whole one', () => {
    const here = process.cwd();
    const source = join(root, 'node_modules/usearch/numkong/x.py');
    mkdirSync(dirname(source), { recursive: true });
    writeFileSync(source, 'x');
    try {
      process.chdir(root);
      prunePackages('node_modules', { os: 'linux', arch: 'x64' });
    } finally {
      process.chdir(here);
    }
    expect(existsSync(source)).toBe(false);
  });

  test('keeps the native modules of this platform and C library alone', () => {
    const at = 'better-sqlite3/prebuilds';
    const kept = prune(
      ['linux-x64', 'linuxmusl-x64', 'linux-arm64', 'darwin-x64'].map(
        (name) => `${at}/${name}.node`,
      ),
    );
    expect(kept).toEqual([`${at}/linux-x64.node`]);
  });

  test('keeps a folder that serves several architectures when ours is among them', () => {
    const kept = prune([
      'u/prebuilds/linux-arm64+x64/u.node',
      'u/prebuilds/darwin-arm64+x64/u.node',
    ]);
    expect(kept).toEqual(['u/prebuilds/linux-arm64+x64/u.node']);
  });

  test('takes types, maps, documents and tests of packages; code and licences stay', () => {
    const kept = prune([
      ...['a/package.json', 'a/index.js', 'a/index.js.map', 'a/index.d.ts', 'a/README.md'],
      ...['a/LICENSE.md', 'a/test/x.js', 'a/lib/test/needed.js', '@types/a/package.json'],
      ...['a/node_modules/b/package.json', 'a/node_modules/b/docs/x.js', 'usearch/cpp/x.h'],
    ]);
    expect(kept).toEqual([
      ...['a/LICENSE.md', 'a/index.js', 'a/lib/test/needed.js'],
      ...['a/node_modules/b/package.json', 'a/package.json'],
    ]);
  });
});
