import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../support/spawn-appliance.ts';

interface Run {
  folder: string;
  status: number | null;
  stdout: string;
  stderr: string;
}

function sallyport(...args: string[]): Run {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-init-'));
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'installer/main.ts'), ...args],
    { cwd: folder, encoding: 'utf8', timeout: 30_000 },
  );
  return { folder, status, stdout, stderr };
}

describe('sallyport init', () => {
  test('answers that contradict each other end with 2, and nothing is written', () => {
    const run = sallyport('init', '--yes', '--profile', 'cluster', '--database', 'sqlite');
    expect(run.stderr).toMatch(/nothing was written\.\n {2}[a-z_.]+: expected .+, found /);
    expect(run.status).toBe(2);
    expect(readdirSync(run.folder)).toEqual([]);
  });

  test('what is only to be filled in is said, and the file is there', () => {
    const run = sallyport('init', '--yes', '--database', 'postgres');
    expect(run.status).toBe(0);
    expect(run.stdout).toMatch(/To fill in: .*owner_password/);
    expect(readdirSync(run.folder)).toEqual(['appliance.yaml']);
  });

  test('a relative home is written as an absolute one', () => {
    const { folder, status } = sallyport('init', '--yes', '--home', './box');
    expect(status).toBe(0);
    const text = readFileSync(join(folder, 'appliance.yaml'), 'utf8');
    expect(text).toContain(`home: ${join(folder, 'box')} `);
  });

  test('a file in a folder that is not there ends with 2 and names the folder', () => {
    const run = sallyport('init', '--yes', '--file', '/nonexistent/dir/a.yaml');
    expect(run.stderr).toContain('expected the folder /nonexistent/dir, found none');
    expect(run.status).toBe(2);
  });

  test('a wrong value of a flag is said with a hint, not with the whole usage', () => {
    const run = sallyport('init', '--yes', '--runtime', 'cloud');
    expect(run.stderr).toContain('one of process, container, helm');
    expect(run.stderr).toContain('`sallyport COMMAND --help`');
    expect(run.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(4);
    expect(run.status).toBe(2);
  });
});

test('sallyport --version is that of the release', () => {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  expect(sallyport('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
});
