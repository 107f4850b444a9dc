import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { lockSqlite } from '../../../server/platform/database/sqlite-lock.ts';

let folder: string;
let child: ChildProcess | null = null;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-lock-'));
});
afterEach(() => {
  child?.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

const holderScript = (file: string): string => `
  import { lockSqlite } from '${new URL('../../../server/platform/database/sqlite-lock.ts', import.meta.url).href}';
  globalThis.held = lockSqlite(${JSON.stringify(file)}, process.pid);
  console.log('held');
  setInterval(() => {}, 1000);`;

test('a second process is refused with the first one’s number, until that one is killed', async () => {
  const file = join(folder, 'sallyport.db');
  const started = spawn(process.execPath, ['--input-type=module', '-e', holderScript(file)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  child = started;
  await once(started.stdout, 'data');
  expect(() => lockSqlite(file, 1)).toThrow(
    `found ${file} served by process ${started.pid}. One process serves a SQLite database`,
  );
  const ended = once(started, 'exit');
  started.kill('SIGKILL');
  await ended;
  const lock = lockSqlite(file, process.pid);
  expect(() => lockSqlite(file, 1)).toThrow(`served by process ${process.pid}`);
  lock.release();
  lockSqlite(file, 2).release();
});
