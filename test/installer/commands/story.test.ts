import { expect, test } from '@jest/globals';
import { existsSync, mkdtempSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../support/spawn-appliance.ts';

test('story before an install ends with 7 and leaves nothing behind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-story-'));
  const main = join(ROOT, 'installer/main.ts');
  const file = join(folder, 'appliance.yaml');
  const home = join(folder, 'box');
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [main, ...args, '--file', file], {
      encoding: 'utf8',
      timeout: 30_000,
    });
  const written = run('init', '--yes', '--profile', 'evaluation', '--home', home);
  expect(written.stderr).toBe('');
  const { status, stderr } = run('story');
  expect(stderr).toBe(
    `sallyport: Nothing is installed in ${home}: run \`sallyport apply\` first.\n`,
  );
  expect(status).toBe(7);
  expect(existsSync(home)).toBe(false);
});
