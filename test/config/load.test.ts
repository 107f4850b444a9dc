import { describe, expect, test } from '@jest/globals';
import { dirname } from 'node:path';
import { loadConfig, loadConfigWithWarnings } from '../../config/load.ts';
import { refusal, writeFile } from './written-files.ts';

describe('loading a configuration', () => {
  test('without anything is the evaluation profile', () => {
    const config = loadConfig({ env: {}, cwd: '/srv' });
    expect(config.profile).toBe('evaluation');
    expect(config.bootstrap.organization).toBe('Evaluation');
    expect(config.payments.currency_default).toBe('EUR');
    expect(config.http.port).toBe(8080);
  });

  test('the table, the profile, files in order, the environment and options override one another', () => {
    const first = writeFile('a.yaml', 'profile: single\nhttp: { port: 1001, drain_ms: 5 }\n');
    const second = writeFile('b.yaml', 'http: { port: 1002, host: 10.0.0.1 }\n');
    const sources = { files: [first, second], env: { SALLYPORT_GATEWAY_PORT: '1003' } };
    const config = loadConfig({ ...sources, overrides: { 'outbox.batch': '7' } });
    expect(config.profile).toBe('single');
    expect(config.data_dir).toBe('/var/lib/sallyport');
    expect(config.http).toMatchObject({ port: 1002, host: '10.0.0.1', drain_ms: 5 });
    expect(config.gateway.port).toBe(1003);
    expect(config.outbox.batch).toBe(7);
    const env = { SALLYPORT_HTTP_PORT: '1004', SALLYPORT_OUTBOX_BATCH: '9' };
    expect(loadConfig({ files: [first], env }).http.port).toBe(1004);
    expect(loadConfig({ env, overrides: { 'outbox.batch': '8' } }).outbox.batch).toBe(8);
  });

  test('SALLYPORT_CONFIG names the files when none are given', () => {
    const first = writeFile('a.yaml', 'http: { port: 2001 }\n');
    const second = writeFile('b.yaml', 'gateway: { port: 2002 }\n');
    const config = loadConfig({ env: { SALLYPORT_CONFIG: `${first}, ${second}` } });
    expect([config.http.port, config.gateway.port]).toEqual([2001, 2002]);
  });

  test('the profile given as an option lies under the files and wins over their profile', () => {
    const file = writeFile('a.yaml', 'profile: single\nbootstrap: { organization: Mine }\n');
    const config = loadConfig({ files: [file], env: {}, profile: 'drill', cwd: '/srv' });
    expect(config.profile).toBe('drill');
    expect(config.bootstrap.organization).toBe('Mine');
    expect(config.data_dir).toBe('/srv/data/drill');
  });

  test('relative paths lie in data_dir, absolute ones stay', () => {
    const overrides = { data_dir: 'here', 'keys.file.path': '/keys/k.json' };
    const config = loadConfig({ env: {}, cwd: '/srv', overrides });
    expect(config.data_dir).toBe('/srv/here');
    expect(config.database.sqlite.file).toBe('/srv/here/sallyport.db');
    expect(config.keys.file.path).toBe('/keys/k.json');
    expect(config.gateway.tls.cert_file).toBeNull();
  });

  test('the result is frozen to its leaves', () => {
    const config = loadConfig({ env: {} });
    expect(() => Object.assign(config.outbox.breaker, { failures: 99 })).toThrow(TypeError);
    expect(() => (config.gateway.public_names as string[]).push('x')).toThrow(TypeError);
    expect(loadConfig({ env: {} }).outbox.breaker.failures).toBe(3);
  });

  test.each([
    ['evaluation', {}],
    ['drill', {}],
    ['single', {}],
    [
      'cluster',
      {
        SALLYPORT_DATABASE_POSTGRES_APP_PASSWORD: 'a',
        SALLYPORT_DATABASE_POSTGRES_ENGINE_PASSWORD: 'b',
      },
    ],
  ])('the profile %s loads with what only an operator can know', (profile, env) => {
    expect(loadConfig({ env, profile }).profile).toBe(profile);
  });

  test('an unknown profile is refused where it was written', () => {
    const file = writeFile('a.yaml', 'profile: evalution\n');
    const { problems } = refusal({ files: [file] });
    expect(problems).toEqual([
      {
        source: file,
        line: 1,
        column: 10,
        path: 'profile',
        expected: 'one of evaluation, single, cluster, drill',
        found: 'the text "evalution"',
      },
    ]);
  });

  test('all problems of all sources are reported at once', () => {
    const file = writeFile('a.yaml', 'http:\n  prot: 1\n  port: 70000\nlog: loud\n');
    const env = { SALLYPORT_OUTBOX_BATCH: 'many', SALLYPORT_OUTBOX_BATHC: '1' };
    const error = refusal({ files: [file], env, overrides: { 'api.page_limit_max': '0' } });
    expect(error.problems).toHaveLength(6);
    expect(error.message.split('\n')).toEqual([
      'The configuration has 6 problems:',
      `${file}:2:3 http.prot: expected the name of a setting, found an unknown name; did you mean http.port?`,
      `${file}:4:6 log: expected a group of settings, found the text "loud"`,
      'environment SALLYPORT_OUTBOX_BATHC: expected the name of a setting, found an unknown name; did you mean SALLYPORT_OUTBOX_BATCH?',
      `${file}:3:9 http.port: expected a port, an integer from 0 to 65535 (0 lets the system choose), found the number 70000`,
      'environment SALLYPORT_OUTBOX_BATCH outbox.batch: expected an integer of messages from 1 to 1000, found the text "many"',
      'option api.page_limit_max: expected an integer of rows from 1 to 1000, found the number 0',
    ]);
  });

  test('a wrong value in a file is refused even where the environment wins', () => {
    const file = writeFile('a.yaml', 'http: { port: no }\n');
    const { problems } = refusal({ files: [file], env: { SALLYPORT_HTTP_PORT: '80' } });
    expect(problems.map((problem) => problem.path)).toEqual(['http.port']);
  });

  test('a rule stays silent while a file could not be read', () => {
    const missing = `${dirname(writeFile('a.yaml', ''))}/none.yaml`;
    const { problems } = refusal({ files: [missing], profile: 'cluster' });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({ source: missing, found: `no file at ${missing}` });
  });

  test('a secret that everybody may read gives a warning, not a refusal', () => {
    const text = 'providers: { stripe: { secret_key: sk_live_inline } }\n';
    const open = loadConfigWithWarnings({ files: [writeFile('a.yaml', text, 0o644)], env: {} });
    const closed = loadConfigWithWarnings({ files: [writeFile('a.yaml', text, 0o600)], env: {} });
    expect(open.warnings).toHaveLength(1);
    expect(open.warnings[0]).toMatch(/a\.yaml holds a secret and everybody .* chmod o-r/);
    expect(closed.warnings).toEqual([]);
  });
});
