// A base that cannot carry the appliance is refused by the build, in one line that says what to give instead.
// An old Node comes from npm's package of it.

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '../support/spawn-appliance.ts';
import { BASE } from './container.ts';

const OLD_NODE = `node-linux-${process.arch}@22.12.0`;
const made: string[] = [];
let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wrong-base-'));
});
afterAll(() => {
  for (const image of made) spawnSync('buildah', ['rmi', '--force', image]);
  rmSync(folder, { recursive: true });
});

function makeBase(name: string, dockerfile: string): string {
  const image = `localhost/sallyport-test-${name}:${process.pid}`;
  writeFileSync(join(folder, 'Dockerfile'), dockerfile);
  execFileSync('buildah', ['bud', '--isolation', 'chroot', '--tag', image, folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  made.push(image);
  return image;
}

function buildOn(base: string): { status: number | null; output: string } {
  const args = ['--engine', 'buildah', '--isolation', 'chroot', '--base', base];
  const tag = `localhost/sallyport-test-never:${process.pid}`;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'scripts/image.ts'), ...args, '--tag', tag],
    { encoding: 'utf8' },
  );
  return { status, output: stdout + stderr };
}

test('a base without Node', () => {
  const { status, output } = buildOn(
    makeBase('none', `FROM ${BASE}\nRUN rm -f /usr/local/bin/node\n`),
  );
  expect(output).toContain(
    'BUILD_BASE: expected an image with Node 24.12 or a later 24 in its PATH, found no node.',
  );
  expect(status).not.toBe(0);
});

test('a base with an old Node', () => {
  execFileSync('npm', ['install', '--prefix', folder, '--no-save', OLD_NODE], { stdio: 'ignore' });
  cpSync(join(folder, `node_modules/node-linux-${process.arch}/bin/node`), join(folder, 'node'));
  const base = makeBase(
    'old',
    `FROM ${BASE}\nCOPY node /usr/local/bin/node\nRUN ln -sf node /usr/local/bin/npm\n`,
  );
  const { status, output } = buildOn(base);
  expect(output).toContain(
    'BUILD_BASE: expected an image with Node 24.12 or a later 24, found Node 22.12.0.',
  );
  expect(status).not.toBe(0);
});

test('a base without npm, when no other is to fetch the packages', () => {
  const { status, output } = buildOn(BASE);
  expect(output).toContain('BUILD_BASE: expected an image with npm besides Node, found no npm.');
  expect(status).not.toBe(0);
});
