import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../config/load.ts';
import { refusal, writeFile } from './written-files.ts';

describe('the environment', () => {
  test('texts become the types of the table', () => {
    const config = loadConfig({
      env: {
        SALLYPORT_HTTP_PORT: '0',
        SALLYPORT_LOG_PRETTY: 'true',
        SALLYPORT_IDENTIFICATION_MARGIN_MIN: '0.25',
        SALLYPORT_GATEWAY_PUBLIC_NAMES: 'a.example, 10.0.0.1,',
        SALLYPORT_BOOTSTRAP_ORGANIZATION: '',
        OTHER_HTTP_PORT: 'ignored',
      },
    });
    expect(config.http.port).toBe(0);
    expect(config.log.pretty).toBe(true);
    expect(config.identification.margin_min).toBe(0.25);
    expect(config.gateway.public_names).toEqual(['a.example', '10.0.0.1']);
    expect(config.bootstrap.organization).toBeNull();
  });

  test.each([
    ['SALLYPORT_HTTP_PORT', '80a', 'found the text "80a"'],
    ['SALLYPORT_HTTP_PORT', ' 80', 'found the text " 80"'],
    ['SALLYPORT_HTTP_PORT', '0x50', 'found the text "0x50"'],
    ['SALLYPORT_HTTP_PORT', '', 'found an empty text'],
    ['SALLYPORT_LOG_PRETTY', '1', 'expected true or false, found the text "1"'],
    ['SALLYPORT_HTTP_PUBLIC_URL', 'https://u:p@x.example', 'without user, password'],
  ])('%s=%s is refused', (name, value, expected) => {
    const { message, problems } = refusal({ env: { [name]: value } });
    expect(problems).toHaveLength(1);
    expect(message).toContain(`environment ${name} `);
    expect(message).toContain(expected);
  });

  test('a secret is read from the file its …_FILE variable names', () => {
    const key = writeFile('key', 'sk_test_from_file\r\n');
    const hooks = writeFile('hooks', 'whsec_1\nwhsec_2\n');
    const { stripe } = loadConfig({
      env: {
        SALLYPORT_PROVIDERS_STRIPE_SECRET_KEY_FILE: key,
        SALLYPORT_PROVIDERS_STRIPE_WEBHOOK_SECRETS_FILE: hooks,
      },
    }).providers;
    expect(stripe.secret_key).toBe('sk_test_from_file');
    expect(stripe.webhook_secrets).toEqual(['whsec_1', 'whsec_2']);
  });

  test('a secret both written and named as a file is refused, because one of them is a mistake', () => {
    const env = {
      SALLYPORT_PROVIDERS_VERIFF_API_KEY: 'hidden_value',
      SALLYPORT_PROVIDERS_VERIFF_API_KEY_FILE: writeFile('key', 'other_value'),
    };
    const { message } = refusal({ env });
    expect(message).toContain('expected only one of SALLYPORT_PROVIDERS_VERIFF_API_KEY and');
    expect(message).not.toMatch(/hidden_value|other_value/);
  });

  test.each([
    ['a missing file', '/nowhere/key', 'found no file at /nowhere/key'],
    ['an empty file', writeFile('empty', '\n'), 'found an empty file'],
    ['a file without end', '/dev/zero', 'found something else than a file'],
  ])('%s for a secret is refused', (_what, file, expected) => {
    const { problems } = refusal({ env: { SALLYPORT_PROVIDERS_VERIFF_API_KEY_FILE: file } });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatchObject({
      source: 'environment SALLYPORT_PROVIDERS_VERIFF_API_KEY_FILE',
      path: 'providers.veriff.api_key',
    });
    expect(problems[0]?.found).toContain(expected.replace('found ', ''));
  });

  test('a …_FILE variable of a setting that is no secret is an unknown name', () => {
    const { message } = refusal({ env: { SALLYPORT_HTTP_PORT_FILE: '/x' } });
    expect(message).toContain('found an unknown name; did you mean');
  });

  test('what Kubernetes writes for a Service called sallyport is not taken for a setting', () => {
    const env = {
      SALLYPORT_SERVICE_HOST: '10.96.0.7',
      SALLYPORT_SERVICE_PORT: '8080',
      SALLYPORT_SERVICE_PORT_HTTP: '8080',
      SALLYPORT_PORT: 'tcp://10.96.0.7:8080',
      SALLYPORT_PORT_8080_TCP: 'tcp://10.96.0.7:8080',
      SALLYPORT_PORT_8080_TCP_PROTO: 'tcp',
      SALLYPORT_PORT_8080_TCP_PORT: '8080',
      SALLYPORT_PORT_8080_TCP_ADDR: '10.96.0.7',
    };
    expect(loadConfig({ env }).http.port).toBe(8080);
    expect(refusal({ env: { SALLYPORT_HTP_PORT: '80' } }).message).toContain(
      'did you mean SALLYPORT_HTTP_PORT?',
    );
  });

  test('an option that names no setting is refused with the nearest one', () => {
    expect(refusal({ overrides: { 'http.prt': '1' } }).message).toContain(
      'option http.prt: expected the name of a setting, found an unknown name; did you mean http.port?',
    );
  });
});
