import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { readBuild } from '../../../server/domains/appliance/index.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'sallyport-build-'));
  put('package.json', '{"version":"3.1.4"}');
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const commit = 'a'.repeat(40);

describe('the commit comes from', () => {
  test('the file a release carries, before anything else', () => {
    put('build.json', `{"commit":"${commit}"}`);
    put('.git/HEAD', 'b'.repeat(40));
    expect(readBuild(root)).toEqual({ version: '3.1.4', commit });
  });

  test('a branch of the checkout', () => {
    put('.git/HEAD', 'ref: refs/heads/main\n');
    put('.git/refs/heads/main', `${commit}\n`);
    expect(readBuild(root).commit).toBe(commit);
  });

  test('a branch that git has packed', () => {
    put('.git/HEAD', 'ref: refs/heads/main\n');
    put(
      '.git/packed-refs',
      `# pack-refs\n${'b'.repeat(40)} refs/heads/other\n${commit} refs/heads/main\n`,
    );
    expect(readBuild(root).commit).toBe(commit);
  });

  test('a detached head', () => {
    put('.git/HEAD', `${commit}\n`);
    expect(readBuild(root).commit).toBe(commit);
  });

  test('nowhere, and then it is unknown', () => {
    expect(readBuild(root).commit).toBe('unknown');
  });
});
