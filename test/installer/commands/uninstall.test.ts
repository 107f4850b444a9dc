// The real command on the real disk. Nothing is started: what counts here is what is deleted, and what is not.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../../installer/main.ts', import.meta.url));
const BEGUN = '{"at":"2026-11-21T00:00:00Z","event":"begin","verb":"apply","target":"0.1.0"}\n';

let folder: string;
let home: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-uninstall-'));
  home = join(folder, 'precious');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function put(path: string, text = 'dear to somebody'): void {
  mkdirSync(dirname(join(home, path)), { recursive: true });
  writeFileSync(join(home, path), text);
}

function files(): string[] {
  return readdirSync(home, { recursive: true }).map(String).toSorted();
}

function uninstall(at: string, ...args: string[]) {
  const file = join(folder, 'appliance.yaml');
  writeFileSync(file, `process: { home: ${at}, supervisor: pidfile }\n`, { mode: 0o600 });
  const all = [MAIN, 'uninstall', '--file', file, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, {
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

const DELETE = ['--delete-data', 'sallyport'];

describe('sallyport uninstall --delete-data', () => {
  test.each([
    ['', DELETE],
    [', with --dry-run', [...DELETE, '--dry-run']],
    [', without --delete-data', []],
  ])('where nothing was installed ends with 7 and touches nothing%s', (_, args) => {
    for (const path of ['thesis.tex', 'data/ledger.db', 'releases/song.flac']) put(path);
    const before = files();
    const { status, stderr } = uninstall(home, ...args);
    expect(status).toBe(7);
    expect(stderr).toContain(`expected the journal of an install at ${home}/state/journal.ndjson`);
    expect(files()).toEqual(before);
  });

  test('deletes what is the appliance’s, keeps and names the rest; the second time ends with 7', () => {
    for (const path of ['data/ledger.db', 'secrets/one', 'state/server.log']) put(path);
    put('state/journal.ndjson', BEGUN);
    put('photos/one.jpg');
    const before = files();
    const dry = uninstall(home, ...DELETE, '--dry-run');
    expect(dry).toMatchObject({ status: 0, stderr: expect.stringContaining('photos') });
    expect(files()).toEqual(before);
    const done = uninstall(home, ...DELETE);
    expect(done).toMatchObject({ status: 0, stdout: expect.stringMatching(/stays with .*photos/) });
    expect(files()).toEqual(['photos', 'photos/one.jpg']);
    expect(uninstall(home, ...DELETE)).toMatchObject({ status: 7 });
    expect(files()).toEqual(['photos', 'photos/one.jpg']);
  });

  test('leaves no folder where nothing else lies in it', () => {
    put('data/ledger.db');
    put('state/journal.ndjson', BEGUN);
    const { status, stdout } = uninstall(home, ...DELETE, '--json');
    expect(status).toBe(0);
    const end = stdout.trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(end)).toMatchObject({ event: 'end', data_deleted: true, kept: [] });
    expect(existsSync(home)).toBe(false);
  });

  test('with another name ends with 2 and touches nothing', () => {
    put('state/journal.ndjson', BEGUN);
    expect(uninstall(home, '--delete-data', 'other')).toMatchObject({ status: 2 });
    expect(files()).toEqual(['state', 'state/journal.ndjson']);
  });

  test('a folder of the system is refused before anything is looked at', () => {
    const { status, stderr } = uninstall('/etc', ...DELETE, '--dry-run');
    expect(status).toBe(2);
    expect(stderr).toContain(
      "process.home: expected a folder of its own, such as /opt/sallyport, found the system's own /etc",
    );
  });
});
