import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeFile } from '../config/written-files.ts';

const MAIN = fileURLToPath(new URL('../../installer/main.ts', import.meta.url));

function config(args: readonly string[], env: Record<string, string> = {}) {
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('SALLYPORT_'));
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, 'config', ...args], {
    env: { ...Object.fromEntries(clean), ...env },
    encoding: 'utf8',
    timeout: 30_000,
  });
  return { status, stdout, stderr };
}

describe('sallyport config explain', () => {
  test('says what a setting means, is, may be, and which line wrote it', () => {
    const file = writeFile('site.yaml', 'profile: single\nhttp:\n  port: 9000\n');
    const { status, stdout } = config(['explain', 'http.port', '--config', file]);
    expect(status).toBe(0);
    expect(stdout.split('\n').map((line) => line.trim().replace(/ +/g, ' '))).toEqual(
      expect.arrayContaining([
        'http.port',
        'default 8080',
        'variable SALLYPORT_HTTP_PORT',
        'value 9000',
        `from ${file}:3:9`,
      ]),
    );
  });

  test('names the layer that won: variable, profile, default, the runtime', () => {
    const origin = (args: readonly string[], env: Record<string, string> = {}): string =>
      (JSON.parse(config(['explain', ...args, '--json'], env).stdout) as { origin: string }[])[0]
        ?.origin ?? '';
    const file = writeFile('site.yaml', 'profile: single\nhttp:\n  port: 9000\n');
    expect(origin(['http.port', '--config', file], { SALLYPORT_HTTP_PORT: '1' })).toBe(
      'environment SALLYPORT_HTTP_PORT',
    );
    expect(origin(['http.port', '--config', file, '--set', 'http.port=2'])).toBe('option');
    expect(origin(['gateway.host', '--config', file])).toBe('profile single');
    expect(origin(['SALLYPORT_GATEWAY_PORT', '--config', file])).toBe('default');
    const appliance = applianceIn('config:\n  profile: single\n  http: { port: 7 }\n');
    expect(origin(['http.port', '--file', appliance.file])).toBe(`${appliance.file}:6:17`);
    expect(origin(['data_dir', '--file', appliance.file])).toBe('the runtime');
  });

  test('a secret is never printed', () => {
    const file = writeFile('site.yaml', 'providers: { stripe: { secret_key: sk_live_hidden } }\n');
    const run = config(['explain', 'providers.stripe', '--config', file]);
    expect(run.stdout).toContain('providers.stripe.secret_key = set (not shown)');
    expect(run.stdout).toContain('providers.stripe.webhook_secrets = not set');
    expect(run.stdout + run.stderr).not.toContain('hidden');
  });

  test('an unknown name is refused with the nearest ones', () => {
    expect(config(['explain', 'http.prt'])).toMatchObject({
      status: 2,
      stderr: expect.stringMatching(/found an unknown name; did you mean http\.port/),
    });
    expect(config(['explain', 'timeout']).stderr).toMatch(/http\.request_timeout_ms, /);
  });

  test('a configuration that is wrong is refused before anything is explained', () => {
    const file = writeFile('site.yaml', 'http:\n  port: eighty\n');
    const run = config(['explain', 'gateway.port', '--config', file]);
    expect(run).toMatchObject({ status: 2, stdout: '' });
    expect(run.stderr).toContain('site.yaml:2:9 http.port: expected a port');
  });
});

describe('sallyport config diff', () => {
  test('two files: values of plain settings, of secrets only that they differ', () => {
    const one = writeFile(
      'one.yaml',
      'http: { port: 1 }\nproviders: { stripe: { secret_key: sk_live_a } }\n',
    );
    const other = writeFile(
      'two.yaml',
      'http: { port: 2 }\nproviders: { stripe: { secret_key: sk_live_b } }\n',
    );
    const run = config(['diff', one, other]);
    expect(run.stdout).toBe(
      'http.port: 1 → 2\nproviders.stripe.secret_key: changed (secret, not shown)\n',
    );
    expect(config(['diff', one, one]).stdout).toBe('Nothing differs.\n');
    expect(config(['diff', one])).toMatchObject({ status: 2 });
    expect(JSON.parse(config(['diff', one, other, '--json']).stdout)).toEqual({
      changes: [
        { path: 'http.port', before: '1', after: '2', sensitive: false },
        { path: 'providers.stripe.secret_key', sensitive: true },
      ],
    });
  });

  test('what was applied against the new file, as a container sees its secrets too', () => {
    const { file, home } = applianceIn(
      'config:\n  profile: single\n  http: { port: 7 }\n  providers: { stripe: { secret_key: sk_live_new } }\n',
    );
    expect(config(['diff', '--file', file])).toMatchObject({ status: 7 });
    write(join(home, 'secrets/key'), 'sk_live_old\n');
    write(
      join(home, 'current/server.yaml'),
      'data_dir: /var/lib/sallyport\nprofile: single\nproviders: { stripe: { secret_key: { file: /run/secrets/key } } }\n',
    );
    expect(config(['diff', '--file', file])).toEqual({
      status: 0,
      stderr: '',
      stdout: 'http.port: 8080 → 7\nproviders.stripe.secret_key: changed (secret, not shown)\n',
    });
    write(join(home, 'secrets/key'), 'sk_live_new\n');
    expect(config(['diff', '--file', file]).stdout).toBe('http.port: 8080 → 7\n');
  });
});

function applianceIn(text: string): { file: string; home: string } {
  const file = writeFile('appliance.yaml', '');
  const home = join(dirname(file), 'home');
  const head = `version: 1\nruntime: process\nprocess: { home: ${home}, supervisor: pidfile }\n`;
  writeFileSync(file, head + text);
  return { file, home };
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text, { mode: 0o600 });
}
