import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { renderReference } from '../../config/reference.ts';
import { writeFile } from '../config/written-files.ts';

const MAIN = fileURLToPath(new URL('../../installer/main.ts', import.meta.url));

/** Runs the real command with an environment of its own. */
function sallyport(args: readonly string[], env: Record<string, string> = {}) {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('SALLYPORT_'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], {
    env: { ...Object.fromEntries(clean), ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

describe('sallyport config check', () => {
  test('a right configuration ends with 0', () => {
    const file = writeFile('site.yaml', 'profile: single\n');
    const { status, stdout, stderr } = sallyport(['config', 'check', '--config', file]);
    expect({ status, stdout, stderr }).toEqual({
      status: 0,
      stdout: 'The configuration is right (profile single).\n',
      stderr: '',
    });
  });

  test('an appliance.yaml is read as plan reads it', () => {
    const right = writeFile('right.yaml', 'version: 1\nconfig:\n  profile: single\n');
    expect(sallyport(['config', 'check', '--file', right])).toEqual({
      status: 0,
      stdout: 'The configuration is right (profile single).\n',
      stderr: '',
    });
    const wrong = writeFile(
      'wrong.yaml',
      'version: 1\nruntim: process\nconfig:\n  http:\n    port: eighty\n',
    );
    const { status, stdout } = sallyport(['config', 'check', '--file', wrong]);
    expect(status).toBe(2);
    expect(stdout).toContain(`${wrong}:2:1 runtim: expected the name of a setting`);
    expect(stdout).toContain(`${wrong}:5:11 http.port: expected a port`);
    const told = sallyport(['config', 'check', '--json', '--file', wrong]);
    expect(JSON.parse(told.stdout)).toMatchObject({ ok: false });
  });

  test.each(['check', 'explain http.port'])('%s with --file and --config is refused', (verb) => {
    const file = writeFile('appliance.yaml', 'version: 1\n');
    const words = verb.split(' ');
    const run = sallyport(['config', ...words, '--file', file, '--config', file]);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('Expected --file alone, found --config beside it.');
  });

  test('a wrong one ends with 2 and one line for each problem, secrets not among them', () => {
    const file = writeFile(
      'site.yaml',
      'http:\n  prot: 1\nproviders:\n  stripe:\n    secret_key: [sk_live_hidden]\n',
    );
    const run = sallyport(['config', 'check', '--config', file], { SALLYPORT_HTTP_PORT: 'eighty' });
    expect(run.status).toBe(2);
    expect(run.stdout.trimEnd().split('\n')).toEqual([
      `${file}:2:3 http.prot: expected the name of a setting, found an unknown name; did you mean http.port?`,
      `${file}:5:17 providers.stripe.secret_key: expected a text of 1 to 4096 characters without spaces around it, or { file: path }, or null, found a list of 1`,
      'environment SALLYPORT_HTTP_PORT http.port: expected a port, an integer from 0 to 65535 (0 lets the system choose), found the text "eighty"',
    ]);
    expect(run.stdout + run.stderr).not.toContain('sk_live_hidden');
  });

  test('--json says the same to a program', () => {
    const run = sallyport([
      'config',
      'check',
      '--json',
      '--set',
      'http.port=x',
      '--profile',
      'drill',
    ]);
    expect(run.status).toBe(2);
    const said = JSON.parse(run.stdout) as { ok: boolean; problems: { path: string }[] };
    expect(said.ok).toBe(false);
    expect(said.problems.map((problem) => problem.path)).toEqual(['http.port']);
    expect(JSON.parse(sallyport(['config', 'check', '--json']).stdout)).toEqual({
      ok: true,
      problems: [],
      warnings: [],
    });
  });

  test('a secret others may read is a warning on standard error', () => {
    const key = writeFile('key', 'sk_test_1\n', 0o644);
    const run = sallyport(['config', 'check'], { SALLYPORT_PROVIDERS_STRIPE_SECRET_KEY_FILE: key });
    expect(run.status).toBe(0);
    expect(run.stderr).toBe(
      `warning: ${key} holds a secret and everybody on this machine may read it: chmod o-r ${key}\n`,
    );
  });

  test('an unknown option and a --set without a value are refused', () => {
    expect(sallyport(['config', 'check', '--confg', 'x']).stderr).toContain(
      'Did you mean --config?',
    );
    const run = sallyport(['config', 'check', '--set', 'http.port']);
    expect(run.status).toBe(2);
    expect(run.stderr).toContain('Expected path=value');
  });
});

describe('sallyport config docs', () => {
  test('writes the reference page to a file or to standard output', () => {
    const file = writeFile('configuration.md', '');
    expect(sallyport(['config', 'docs', '--out', file]).status).toBe(0);
    expect(readFileSync(file, 'utf8')).toBe(renderReference());
    expect(sallyport(['config', 'docs', '--out', '-']).stdout).toBe(renderReference());
    expect(sallyport(['config', 'docs']).stdout).toBe(renderReference());
  });

  test('a file in a folder that is not there is refused by name', () => {
    const out = '/nowhere/configuration.md';
    expect(sallyport(['config', 'docs', '--out', out])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(`--out: expected a file in a folder that is there`),
    });
  });
});

test('a command that does not exist is refused with the nearest one', () => {
  const run = sallyport(['confg']);
  expect(run.status).toBe(2);
  expect(run.stderr).toContain('Did you mean config?');
});
