// Every value does something: changing it changes what is rendered. Every refusal says why. Needs helm.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { CHART_VALUES } from '../../scripts/chart/chart-values.ts';
import { leavesOf } from '../../scripts/chart/value.ts';
import { ALL_ON_POSTGRES, ALL_ON_SQLITE, POSTGRES_SECRETS } from './all-on.ts';
import { chartOf } from './chart-versions.ts';
import { CHART, refusal, template, templateOf } from './helm.ts';

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
  extraVolumes: [{ name: 'more', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
  resources: { limits: { cpu: 1.5, 'vendor.example/chip': 1 } },
  'jobs.resources': { limits: { memory: '1e9' } },
  'persistence.size': '0.5Ti',
  'serviceMonitor.interval': '1m30s',
  'serviceMonitor.scrapeTimeout': '500ms',
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
    [
      'a setting by the environment',
      { extraEnv: [{ name: 'SALLYPORT_HTTP_PORT', value: '9' }] },
      'extraEnv: expected no variable of the server, found SALLYPORT_HTTP_PORT, which would overrule what the chart wrote; use config:',
    ],
    ['memory that is no amount', limits({ memory: 'abc' }), "at '/resources/limits/memory'"],
    ['less than nothing', limits({ cpu: -1 }), "at '/resources/limits/cpu'"],
    ['a group of resources that is none', { resources: { limit: {} } }, "'limit' not allowed"],
    [
      'an amount of the jobs',
      { jobs: { resources: { requests: { cpu: '1 core' } } } },
      "at '/jobs/resources/requests/cpu'",
    ],
    ['a volume of no size', { persistence: { size: 'big' } }, "at '/persistence/size'"],
    ['a volume without name', { extraVolumes: [{ foo: 'bar' }] }, "at '/extraVolumes/0'"],
    ['a mount nowhere', { extraVolumeMounts: [{ name: 'a' }] }, "at '/extraVolumeMounts/0'"],
    ['a variable without name', { extraEnv: [{ value: 'a' }] }, "at '/extraEnv/0'"],
    ['an object of no kind', { extraObjects: [{ metadata: {} }] }, "at '/extraObjects/0'"],
    [
      'a spread over nothing',
      { topologySpreadConstraints: [{ maxSkew: 1 }] },
      "at '/topologySpreadConstraints/0'",
    ],
    ['a budget that blocks every drain', budget(0), "at '/podDisruptionBudget/maxUnavailable'"],
    ['the same in percent', budget('0%'), "at '/podDisruptionBudget/maxUnavailable'"],
    ['a budget in words', budget('half'), "at '/podDisruptionBudget/maxUnavailable'"],
    [
      'a port the nodes do not have',
      { services: { api: { nodePort: 70_000 } } },
      "at '/services/api/nodePort'",
    ],
    [
      'a time without unit',
      { serviceMonitor: { interval: '30' } },
      "at '/serviceMonitor/interval'",
    ],
    ['a digest that is none', { image: { digest: 'latest' } }, "at '/image/digest'"],
  ])('%s, with the reason', (_what, values, reason) => {
    expect(refusal(values)).toContain(reason);
  });

  test('keys of other charts below global are none of our business', () => {
    expect(template({ global: { theirs: { any: 1 } } }).status).toBe(0);
  });
});

describe('as a part of another chart', () => {
  let parent: string;

  beforeAll(() => {
    parent = mkdtempSync(join(tmpdir(), 'sallyport-parent-'));
    const { version } = chartOf();
    const part = { name: 'sallyport', version, condition: 'sallyport.enabled' };
    const about = { apiVersion: 'v2', name: 'site', version: '1.0.0', dependencies: [part] };
    writeFileSync(join(parent, 'Chart.yaml'), stringify(about));
    cpSync(CHART, join(parent, 'charts', 'sallyport'), { recursive: true });
  });
  afterAll(() => rmSync(parent, { recursive: true, force: true }));

  const kinds = (values: object): string[] => {
    const answer = templateOf(parent, values);
    if (answer.status !== 0) throw new Error(answer.errors);
    return [...answer.output.matchAll(/^kind: (\w+)$/gm)].map(([, kind = '']) => kind);
  };

  test('it is switched on and off by the condition of its parent', () => {
    expect(kinds({ sallyport: { enabled: true } })).toContain('StatefulSet');
    expect(kinds({ sallyport: { enabled: false } })).toEqual([]);
    expect(kinds({})).toContain('StatefulSet');
  });

  test("it takes what is global and leaves the parent's own keys there alone", () => {
    const global = { imageRegistry: 'mirror.example', site: { name: 'north' } };
    const { output } = templateOf(parent, { global, sallyport: { enabled: true } });
    expect(output).toContain('image: "mirror.example/sallyport:');
  });

  test('a condition that is no boolean is refused', () => {
    const { errors } = templateOf(parent, { sallyport: { enabled: 'yes' } });
    expect(errors).toContain("at '/enabled'");
  });
});

function limits(wanted: object): object {
  return { resources: { limits: wanted } };
}

function budget(maxUnavailable: unknown): object {
  return { podDisruptionBudget: { maxUnavailable } };
}

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
