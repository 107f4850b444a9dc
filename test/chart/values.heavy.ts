// Every value does something: changing it changes what is rendered. Every refusal says why. Needs helm.

import { describe, expect, test } from '@jest/globals';
import { CHART_VALUES } from '../../scripts/chart/chart-values.ts';
import { leavesOf } from '../../scripts/chart/value.ts';
import { ALL_ON_POSTGRES, ALL_ON_SQLITE, POSTGRES_SECRETS } from './all-on.ts';
import { refusal, template } from './helm.ts';

/** Another value than the default, where one cannot be made from the rule. */
const OTHER: Readonly<Record<string, unknown>> = {
  'global.imagePullSecrets': [{ name: 'login' }],
  imagePullSecrets: [{ name: 'login' }],
  'image.digest': `sha256:${'a'.repeat(64)}`,
  config: { ...ALL_ON_POSTGRES.config, log: { level: 'debug' } },
  'secrets.settings': { ...POSTGRES_SECRETS.settings, 'providers.stripe.secret_key': {} },
  'podDisruptionBudget.maxUnavailable': '50%',
  topologySpreadConstraints: [
    { maxSkew: 2, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule' },
  ],
  terminationGracePeriodSeconds: 99,
  'services.api.nodePort': 30080,
  'services.gateway.nodePort': 30443,
  replicas: 5,
  extraObjects: [{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'more' } }],
  extraEnv: [{ name: 'MORE', value: 'yes' }],
};

/** Values that are looked at only when another one stands differently. */
const BESIDES: Readonly<Record<string, object>> = {
  'caBundle.secret': { caBundle: { configMap: '' } },
  'persistence.existingClaim': {},
};

describe('every value of the chart', () => {
  const plain = new Map(
    ['postgres', 'sqlite'].map((kind) => [kind, rendered(baseOf(kind))] as const),
  );

  test.each(leavesOf(CHART_VALUES))('%s changes what is rendered', (path, entry) => {
    const kind = path.startsWith('persistence.') ? 'sqlite' : 'postgres';
    const change = OTHER[path] ?? otherValue(path, entry.default, entry.schema);
    const values = merge(merge(baseOf(kind), BESIDES[path] ?? {}), treeOf(path, change));
    expect(rendered(values)).not.toBe(plain.get(kind));
  });
});

describe('values that are refused', () => {
  test.each<[string, object, string]>([
    ['an unknown name', { replica: 2 }, "additional properties 'replica' not allowed"],
    ['an unknown name in a group', { image: { version: '1' } }, "additional properties 'version'"],
    ['an unknown setting', { config: { http: { prot: 1 } } }, "additional properties 'prot'"],
    ['a wrong setting', { config: { http: { port: 'x' } } }, "at '/config/http/port'"],
    ['a setting out of its bounds', { config: { outbox: { shards: 4096 } } }, 'maximum: got'],
    ['a wrong choice', { config: { database: { kind: 'mysql' } } }, 'value must be one of'],
    [
      'a secret in config',
      { config: { providers: { stripe: { secret_key: 'sk_live_1' } } } },
      'config.providers.stripe.secret_key: expected no secret here, because config is stored in the clear',
    ],
    [
      'a place the chart decides',
      { config: { data_dir: '/data' } },
      'config.data_dir: expected nothing, because the chart decides it; use persistence',
    ],
    [
      'SQLite with replicas',
      { replicas: 2 },
      'replicas: expected 1 with config.database.kind sqlite, found 2. SQLite is one file that one process writes',
    ],
    [
      'Postgres without its passwords',
      { config: { database: { kind: 'postgres' } } },
      'secrets.settings: expected database.postgres.owner_password, because config.database.kind is postgres',
    ],
    [
      'a secret from nowhere',
      { secrets: { settings: { 'providers.stripe.secret_key': {} } } },
      'secrets.settings.providers.stripe.secret_key: expected `secret`, or secrets.existingSecret for all',
    ],
    [
      'an unknown secret',
      { secrets: { settings: { 'http.port': {} } } },
      "'http.port' not allowed",
    ],
    [
      'two bundles',
      { caBundle: { configMap: 'a', secret: 'b' } },
      'expected configMap or secret, found both',
    ],
    [
      'a privileged port',
      { config: { http: { port: 80 } } },
      'config.http.port: expected a port from 1024',
    ],
    ['a root user', { security: { runAsUser: 0 } }, "at '/security/runAsUser'"],
    ['a digest that is none', { image: { digest: 'latest' } }, "at '/image/digest'"],
  ])('%s, with the reason', (_what, values, reason) => {
    expect(refusal(values)).toContain(reason);
  });

  test('keys of other charts below global are none of our business', () => {
    expect(template({ global: { theirs: { any: 1 } } }).status).toBe(0);
  });
});

function baseOf(kind: string): object {
  return kind === 'postgres' ? ALL_ON_POSTGRES : ALL_ON_SQLITE;
}

function rendered(values: object): string {
  const answer = template(values);
  if (answer.status !== 0) throw new Error(answer.errors);
  return answer.output;
}

function otherValue(
  path: string,
  initial: unknown,
  schema: Readonly<Record<string, unknown>>,
): unknown {
  if (typeof initial === 'boolean') return !switchedOn(path, initial);
  if (typeof initial === 'number') return initial + 1;
  const options = schema['enum'] as string[] | undefined;
  if (options !== undefined) return options.find((option) => option !== initial && option !== '');
  if (typeof initial === 'string') return initial.startsWith('/') ? '/other' : 'other';
  if (Array.isArray(initial)) {
    const items = schema['items'] as { type?: string };
    return items.type === 'string' ? ['192.0.2.0/24'] : [{ key: 'other' }];
  }
  return initial === null ? 7 : { other: 'thing' };
}

/** What the value is in the base, which is not always the default. */
function switchedOn(path: string, initial: boolean): boolean {
  return ['ingress.enabled', 'serviceMonitor.enabled'].includes(path) ? true : initial;
}

function treeOf(path: string, change: unknown): object {
  return path
    .split('.')
    .reduceRight<unknown>((inner, name) => ({ [name]: inner }), change) as object;
}

function merge(under: object, over: object): object {
  const merged: Record<string, unknown> = { ...under };
  for (const [name, value] of Object.entries(over)) {
    const below = merged[name];
    merged[name] =
      isTree(below) && isTree(value) && name !== 'settings' ? merge(below, value) : value;
  }
  return merged;
}

function isTree(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
