// What `npm run image` takes and refuses, and the command it becomes.

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { buildCommand } from '../../../scripts/image/build-command.ts';
import { readBuildOptions } from '../../../scripts/image/build-options.ts';

const FACTS = { version: '1.2.3', commit: 'abc', created: '2026-11-21T00:00:00Z' };
let folder = '';
const read = (...argv: string[]) => {
  const options = readBuildOptions(argv, {
    version: '1.2.3',
    env: { PATH: folder, npm_config_userconfig: join(folder, 'absent') },
  });
  if (options === null) throw new Error('help was asked for');
  return options;
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'image-options-'));
  writeFileSync(join(folder, 'docker'), '');
  chmodSync(join(folder, 'docker'), 0o755);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('readBuildOptions', () => {
  test('assumes the first engine in the PATH, the version as tag, and the base for both', () => {
    expect(read('--base', 'mine:24')).toEqual({
      engine: 'docker',
      target: 'production',
      base: 'mine:24',
      buildBase: 'mine:24',
      tag: 'localhost/sallyport:1.2.3',
      isolation: null,
      npmrc: null,
      ca: null,
    });
    expect(read('--target', 'evaluation').tag).toBe('localhost/sallyport-evaluation:1.2.3');
  });

  test('names a wrong value with what was expected', () => {
    expect(() => read('--engine', 'rkt')).toThrow(
      '--engine: expected one of buildah, podman, docker, found rkt.',
    );
    expect(() => read('--target', 'all')).toThrow('expected one of production, evaluation');
    expect(() => read('--ca', '/no/such/file')).toThrow('--ca: expected a file, found none at');
    expect(() => read('--bas', 'x')).toThrow('usage: npm run image');
  });

  test('says so when no engine can be found', () => {
    expect(() => readBuildOptions([], { version: '1', env: { PATH: '' } })).toThrow(
      '--engine: expected buildah, podman, docker in the PATH, found none.',
    );
  });
});

describe('buildCommand', () => {
  test('asks buildah for the Docker format, which alone has a HEALTHCHECK', () => {
    const words = buildCommand(read('--engine', 'buildah', '--isolation', 'chroot'), FACTS);
    expect(words.slice(0, 3)).toEqual(['buildah', 'bud', '--layers']);
    expect(words.join(' ')).toContain('--format docker --isolation chroot --target production');
    expect(words).toEqual(expect.arrayContaining(['COMMIT=abc', 'VERSION=1.2.3']));
  });

  test('hands files over as secrets of the build, never as arguments', () => {
    const ca = join(folder, 'docker');
    const words = buildCommand(read('--engine', 'docker', '--ca', ca, '--npmrc', ca), FACTS);
    expect(words.slice(0, 2)).toEqual(['docker', 'build']);
    expect(words).toEqual(expect.arrayContaining([`id=ca,src=${ca}`, `id=npmrc,src=${ca}`]));
    expect(words).not.toContain('--format');
  });
});
