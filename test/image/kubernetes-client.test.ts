// The Kubernetes client is thousands of files: who does not talk to a cluster must not pay for it.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ROOT } from '../support/spawn-appliance.ts';

const WATCH = `import { registerHooks } from 'node:module';
registerHooks({ load(url, context, next) {
  if (url.includes('/@kubernetes/')) process.stderr.write('loaded ' + url + '\\n');
  return next(url, context);
} });`;

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kubernetes-client-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(...args: string[]) {
  const hook = `data:text/javascript,${encodeURIComponent(WATCH)}`;
  return spawnSync(process.execPath, ['--import', hook, ...args], {
    cwd: ROOT,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], SALLYPORT_DATA_DIR: folder },
  });
}

test('the server builds everything without loading it', () => {
  const { status, stderr } = run('server/main.ts', 'check');
  expect(stderr).not.toContain('loaded');
  expect(status).toBe(0);
});

test('nor does the command that only helps', () => {
  const { status, stderr } = run('installer/sallyport.js', '--help');
  expect(stderr).not.toContain('loaded');
  expect(status).toBe(0);
});

test('a load would be seen', () => {
  const { stderr } = run('--input-type=module', '-e', "import '@kubernetes/client-node'");
  expect(stderr).toContain('loaded');
});
