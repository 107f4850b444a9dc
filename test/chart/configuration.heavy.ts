// What the server is told, its keys and its migration. Needs helm.

import { describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../config/load.ts';
import { SETTINGS } from '../../config/table.ts';
import { OWNED_BY_CHART } from '../../scripts/chart/config-values.ts';
import { ALL_ON_POSTGRES, POSTGRES, POSTGRES_SECRETS } from './all-on.ts';
import { chartOf } from './chart-versions.ts';
import {
  CHART,
  helm,
  names,
  pick,
  render,
  type Rendered,
  serverPod,
  volume,
  withValues,
} from './helm.ts';

describe('the configuration', () => {
  const serverYaml = (objects: readonly Rendered[], name = 'box-sallyport'): string =>
    pick(objects, 'ConfigMap', name).data['server.yaml'];

  test('is accepted by the server, with secrets read from where they are mounted', () => {
    const objects = render({
      ...ALL_ON_POSTGRES,
      secrets: {
        ...POSTGRES_SECRETS,
        settings: {
          ...POSTGRES_SECRETS.settings,
          'providers.stripe.secret_key': { secret: 'stripe', key: 'sk' },
          'providers.stripe.webhook_secrets': {},
        },
      },
    });
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-chart-'));
    try {
      for (const { name, secret } of serverPod(objects).spec.volumes) {
        if (!String(name).startsWith('secret-')) continue;
        mkdirSync(join(folder, 'secrets', secret.secretName), { recursive: true });
        for (const { key, path } of secret.items) {
          const isList = path === 'providers.stripe.webhook_secrets';
          const text = `${secret.secretName}/${key}${isList ? '\nsecond line' : ''}`;
          writeFileSync(join(folder, 'secrets', secret.secretName, path), text, { mode: 0o600 });
        }
      }
      writeFileSync(
        join(folder, 'server.yaml'),
        serverYaml(objects).replaceAll('/etc/sallyport/secrets', join(folder, 'secrets')),
        { mode: 0o600 },
      );
      const config = loadConfig({ files: [join(folder, 'server.yaml')], env: {} });
      expect(config.profile).toBe('cluster');
      expect(config.database.postgres.app_password).toBe('secrets/database.postgres.app_password');
      expect(config.database.postgres.owner_password).toBeNull();
      expect(config.providers.stripe.secret_key).toBe('stripe/sk');
      expect(config.providers.stripe.webhook_secrets).toEqual([
        'secrets/providers.stripe.webhook_secrets',
        'second line',
      ]);
      expect(config.http.host).toBe('0.0.0.0');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('the password of the owner of the tables is for the migration alone', () => {
    const objects = render(POSTGRES);
    expect(serverYaml(objects)).not.toContain('owner_password');
    expect(JSON.stringify(serverPod(objects))).not.toContain('owner_password');
    expect(serverYaml(objects, 'box-sallyport-migrate')).toContain('owner_password');
    const job = pick(objects, 'Job', 'box-sallyport-migrate');
    expect(JSON.stringify(volume(job.spec.template, 'secret-0'))).toContain('owner_password');
  });

  test('every setting passes through unchanged, large and small numbers too', () => {
    const written: Record<string, unknown> = {};
    for (const { path, sensitive, default: initial } of SETTINGS.values()) {
      if (sensitive || path in OWNED_BY_CHART || initial === null) continue;
      put(written, path, initial);
    }
    put(written, 'identification.false_positive_rate', 0.000_000_01);
    put(written, 'http.import_body_limit_bytes', 17_179_869_184);
    const passed = parse(serverYaml(render({ config: written }))) as Record<string, unknown>;
    expect(passed).toMatchObject(written);
  });

  test("with a certificate of one's own the gateway is told where it lies", () => {
    const objects = render({ gateway: { tlsSecret: 'mine' } });
    expect(parse(serverYaml(objects))).toMatchObject({
      gateway: {
        tls: {
          cert_file: '/etc/sallyport/gateway-tls/tls.crt',
          key_file: '/etc/sallyport/gateway-tls/tls.key',
        },
      },
    });
    expect(volume(serverPod(objects), 'gateway-tls').secret.secretName).toBe('mine');
  });

  test('a changed setting rolls the pods', () => {
    const plain = checksum(CHART, { http: { port: 8080 } });
    expect(checksum(CHART, { http: { port: 8081 } })).not.toBe(plain);
    expect(checksum(CHART, { http: { port: 8080 } })).toBe(plain);
  });

  test('a setting that a running server takes over by itself rolls none', () => {
    const folder = mkdtempSync(join(tmpdir(), 'sallyport-live-'));
    try {
      const { path } = chartOf({ version: '9.9.9', folder });
      const known = join(path, 'files', 'settings.yaml');
      const settings = parse(readFileSync(known, 'utf8')) as { live: string[] };
      writeFileSync(known, JSON.stringify({ ...settings, live: ['log.level'] }));
      const plain = checksum(path, { outbox: { shards: 16 } });
      expect(checksum(path, { outbox: { shards: 16 }, log: { level: 'debug' } })).toBe(plain);
      expect(checksum(path, { outbox: { shards: 8 } })).not.toBe(plain);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('the settings it may leave out are those that the table calls live', () => {
    const known = parse(readFileSync(join(CHART, 'files/settings.yaml'), 'utf8')) as {
      live: string[];
    };
    const live = [...SETTINGS.values()].filter((setting) => setting.live);
    expect(known.live).toEqual(live.map((setting) => setting.path));
  });
});

function checksum(chart: string, config: object): string {
  return withValues({ config }, (file) => {
    const shown = helm('template', 'box', chart, '--kube-version', '1.30.0', '--values', file);
    if (shown.status !== 0) throw new Error(shown.errors);
    return /checksum\/config: (\S+)/.exec(shown.output)?.[1] ?? '';
  });
}

describe('keys', () => {
  test('are made by a job whose account may touch that one Secret and nothing else', () => {
    const objects = render();
    expect(pick(objects, 'Role', 'box-sallyport-make-keys').rules).toEqual([
      {
        apiGroups: [''],
        resources: ['secrets'],
        resourceNames: ['box-sallyport-keys'],
        verbs: ['get', 'create', 'patch'],
      },
    ]);
    expect(pick(objects, 'RoleBinding', 'box-sallyport-make-keys').subjects).toEqual([
      { kind: 'ServiceAccount', name: 'box-sallyport-jobs', namespace: 'site' },
    ]);
    expect(
      pick(objects, 'Job', 'box-sallyport-make-keys').metadata.annotations['helm.sh/hook'],
    ).toBe('pre-install,pre-upgrade');
    expect(names(objects, 'Secret')).toEqual([]);
  });

  test('an upgrade never makes new ones', () => {
    const flags = (...words: string[]): string[] =>
      pick(render({}, ...words), 'Job', 'box-sallyport-make-keys').spec.template.spec.containers[0]
        .args;
    expect(flags()).not.toContain('--must-exist');
    expect(flags('--is-upgrade')).toContain('--must-exist');
  });

  test('given by name need no job, no Role and no account for jobs', () => {
    const objects = render({ keys: { existingSecret: 'vault' } });
    for (const kind of ['Role', 'RoleBinding']) expect(names(objects, kind)).toEqual([]);
    expect(names(objects, 'Job')).toEqual(['box-sallyport-test']);
    expect(names(objects, 'ServiceAccount')).toEqual(['box-sallyport']);
    expect(volume(serverPod(objects), 'keys-secret').secret.secretName).toBe('vault');
  });

  test('are copied into memory before the server starts, which may only read them', () => {
    const pod = serverPod(render());
    expect(volume(pod, 'keys').emptyDir.medium).toBe('Memory');
    expect(pod.spec.initContainers[0].args).toEqual([
      '--from',
      '/etc/sallyport/keys-secret',
      '--keys',
      '/run/sallyport/keys',
      '--gateway',
      '/run/sallyport/gateway',
    ]);
    const mount = pod.spec.containers[0].volumeMounts.find(
      (each: Rendered) => each.name === 'keys',
    );
    expect(mount).toEqual({ name: 'keys', mountPath: '/run/sallyport/keys', readOnly: true });
  });

  test('of a rehearsal say so', () => {
    const args = (profile: string): string[] =>
      pick(render({ config: { profile } }), 'Job', 'box-sallyport-make-keys').spec.template.spec
        .containers[0].args;
    expect(args('single')).toContain('--environment=live');
    expect(args('evaluation')).toContain('--environment=test');
  });
});

describe('the migration', () => {
  test("is a job before the rollout on Postgres, in the chart's own image", () => {
    const job = pick(render(POSTGRES), 'Job', 'box-sallyport-migrate');
    expect(job.metadata.annotations).toMatchObject({
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-weight': '0',
    });
    expect(job.spec).toMatchObject({ backoffLimit: 2, activeDeadlineSeconds: 900 });
    expect(job.spec.template.spec.containers[0]).toMatchObject({
      image: 'sallyport:0.1.0',
      args: ['migrate'],
    });
  });

  test("is the pod's own affair on SQLite", () => {
    expect(names(render(), 'Job').filter((name) => name.endsWith('migrate'))).toEqual([]);
  });

  test('finds its account, configuration and way out there when it runs first', () => {
    const weight = (each: Rendered): number =>
      Number(each.metadata.annotations?.['helm.sh/hook-weight'] ?? Number.NaN);
    const objects = render(POSTGRES);
    for (const [kind, name] of [
      ['ServiceAccount', 'box-sallyport-jobs'],
      ['ConfigMap', 'box-sallyport-migrate'],
      ['NetworkPolicy', 'box-sallyport-jobs'],
      ['Job', 'box-sallyport-make-keys'],
    ] as const) {
      expect(weight(pick(objects, kind, name))).toBeLessThan(0);
    }
  });
});

function put(tree: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  const group = parts.reduce((at, name) => (at[name] ??= {}) as Record<string, unknown>, tree);
  group[last] = value;
}
