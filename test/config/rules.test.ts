import { describe, expect, test } from '@jest/globals';
import { loadConfig } from '../../config/load.ts';
import { refusal, writeFile } from './written-files.ts';

const STRIPE = {
  'providers.stripe.enabled': 'true',
  'providers.stripe.secret_key': 'sk_test_1',
};
const VERIFF = {
  'providers.veriff.enabled': 'true',
  'providers.veriff.base_url': 'https://stationapi.veriff.example',
  'providers.veriff.api_key': 'key',
  'providers.veriff.shared_secret': 'secret',
};
const POSTGRES = {
  'database.kind': 'postgres',
  'database.postgres.app_password': 'a',
  'database.postgres.engine_password': 'b',
};

type Case = readonly [
  title: string,
  profile: string,
  overrides: Record<string, string>,
  path: string,
  expected: string,
];

const REFUSED: readonly Case[] = [
  [
    'sqlite in the cluster',
    'cluster',
    { 'database.kind': 'sqlite' },
    'database.kind',
    'postgres, because',
  ],
  [
    'postgres without a password',
    'single',
    { ...POSTGRES, 'database.postgres.app_password': '' },
    'database.postgres.app_password',
    'a password',
  ],
  [
    'the app role being the owner',
    'single',
    { ...POSTGRES, 'database.postgres.app_user': 'sallyport_owner' },
    'database.postgres.app_user',
    'another role than owner_user',
  ],
  [
    'the engine role being the owner',
    'single',
    { ...POSTGRES, 'database.postgres.engine_user': 'sallyport_owner' },
    'database.postgres.engine_user',
    'another role than owner_user',
  ],
  [
    'one role for app and engine',
    'single',
    { ...POSTGRES, 'database.postgres.app_user': 'sallyport_engine' },
    'database.postgres.app_user',
    'another role than engine_user',
  ],
  [
    'fault points outside a drill',
    'single',
    { 'drill.fault_points': '/tmp/x' },
    'drill.fault_points',
    'null outside the drill profile',
  ],
  [
    'one port for both listeners',
    'single',
    { 'gateway.port': '8080' },
    'gateway.port',
    'another port than http.port',
  ],
  [
    'a certificate without a key',
    'single',
    { 'gateway.tls.cert_file': 'c.pem' },
    'gateway.tls.key_file',
    'certificate and key together',
  ],
  [
    'a key without a certificate',
    'single',
    { 'gateway.tls.key_file': 'k.pem' },
    'gateway.tls.cert_file',
    'certificate and key together',
  ],
  [
    'a plain public address',
    'single',
    { 'http.public_url': 'http://x.example' },
    'http.public_url',
    'an https:// URL',
  ],
  [
    'a page default above the maximum',
    'single',
    { 'api.page_limit_default': '300' },
    'api.page_limit_default',
    'at most api.page_limit_max, which is 200',
  ],
  [
    'renewing too rarely',
    'single',
    { 'outbox.renew_ms': '8000' },
    'outbox.renew_ms',
    'at most half of outbox.lease_ms',
  ],
  [
    'an offline payment above a limit it is part of',
    'single',
    { 'payments.offline.limit_txn_minor': '10001' },
    'payments.offline.limit_txn_minor',
    'at most payments.offline.limit_person_open_minor',
  ],
  [
    'Stripe without its key',
    'single',
    { 'providers.stripe.enabled': 'true' },
    'providers.stripe.secret_key',
    'a value',
  ],
  [
    'Stripe over plain HTTP',
    'single',
    { ...STRIPE, 'providers.stripe.base_url': 'http://x.example' },
    'providers.stripe.base_url',
    'an https:// URL in the single profile',
  ],
  [
    'a relay without a signing secret',
    'single',
    { ...STRIPE, 'providers.stripe.ingress': 'relay' },
    'providers.stripe.webhook_secrets',
    'at least one signing secret',
  ],
  [
    'Stripe calling nowhere',
    'single',
    { ...STRIPE, 'providers.stripe.ingress': 'webhook', 'providers.stripe.webhook_secrets': 'w' },
    'http.public_url',
    'the address stripe calls',
  ],
  [
    'Veriff calling nowhere',
    'single',
    { ...VERIFF, 'providers.veriff.ingress': 'webhook' },
    'http.public_url',
    'the address veriff calls',
  ],
  [
    'Veriff without its shared secret',
    'single',
    { ...VERIFF, 'providers.veriff.shared_secret': '' },
    'providers.veriff.shared_secret',
    'a value',
  ],
  [
    'a connect timeout above the timeout',
    'single',
    { 'providers.veriff.timeout_ms': '100' },
    'providers.veriff.connect_timeout_ms',
    'at most providers.veriff.timeout_ms',
  ],
];

describe('rules between settings', () => {
  test.each(REFUSED)('%s is refused', (...[, profile, overrides, path, expected]) => {
    const { problems } = refusal({ profile, overrides });
    const about = problems.filter((problem) => problem.path === path);
    expect(about).not.toHaveLength(0);
    expect(about[0]?.expected).toContain(expected);
  });

  test.each([
    ['Veriff by polling', 'single', VERIFF],
    ['Stripe by polling, without a public address', 'single', STRIPE],
    ['postgres on one machine', 'single', POSTGRES],
    ['two ports chosen by the system', 'single', { 'http.port': '0', 'gateway.port': '0' }],
    [
      'twins over plain HTTP in a drill',
      'drill',
      {
        ...STRIPE,
        'providers.stripe.ingress': 'poll',
        'providers.stripe.base_url': 'http://127.0.0.1:1',
      },
    ],
    ['fault points in a drill', 'drill', { 'drill.fault_points': '/tmp/x' }],
  ])('%s is accepted', (_title, profile, overrides) => {
    expect(loadConfig({ env: {}, profile, overrides }).profile).toBe(profile);
  });

  test('a disabled provider needs nothing', () => {
    const overrides = {
      'providers.stripe.ingress': 'webhook',
      'providers.stripe.base_url': 'http://x',
    };
    expect(loadConfig({ env: {}, profile: 'single', overrides }).providers.stripe.enabled).toBe(
      false,
    );
  });

  test('the problem points at the line of the setting, or of the one that made it needed', () => {
    const text =
      'profile: single\nproviders:\n  stripe:\n    enabled: true\n    base_url: http://x.example\n';
    const file = writeFile('a.yaml', text);
    const { problems } = refusal({ files: [file] });
    expect(problems.map(({ path, line, column }) => [path, line, column])).toEqual([
      ['providers.stripe.secret_key', 4, 14],
      ['providers.stripe.base_url', 5, 15],
    ]);
  });

  test('a rule stays silent while a setting it looks at is wrong by itself', () => {
    const overrides = { 'api.page_limit_default': '300', 'api.page_limit_max': 'none' };
    expect(refusal({ overrides }).problems.map((problem) => problem.path)).toEqual([
      'api.page_limit_max',
    ]);
  });
});
