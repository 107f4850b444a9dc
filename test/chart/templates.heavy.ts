// What the chart renders, part by part. Needs helm.

import { describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { loadConfig } from '../../config/load.ts';
import { SETTINGS } from '../../config/table.ts';
import { OWNED_BY_CHART } from '../../scripts/chart/config-values.ts';
import { ALL_ON_POSTGRES, ALL_ON_SQLITE, POSTGRES_SECRETS } from './all-on.ts';
import { names, pick, podTemplates, render, type Rendered, serverPod } from './helm.ts';

const POSTGRES = { config: { database: { kind: 'postgres' } }, secrets: POSTGRES_SECRETS };

const container = (objects: readonly Rendered[]): Rendered => serverPod(objects).spec.containers[0];
const volume = (pod: Rendered, name: string): Rendered =>
  pod.spec.volumes.find((each: Rendered) => each.name === name);

describe('the workload', () => {
  test('on SQLite is a StatefulSet of one pod on a claim that outlives the release', () => {
    const objects = render();
    expect(pick(objects, 'StatefulSet', 'box-sallyport').spec.replicas).toBe(1);
    expect(names(objects, 'Deployment')).toEqual([]);
    const claim = pick(objects, 'PersistentVolumeClaim', 'box-sallyport-data');
    expect(claim.metadata.annotations).toEqual({ 'helm.sh/resource-policy': 'keep' });
    expect(volume(serverPod(objects), 'data').persistentVolumeClaim.claimName).toBe(
      'box-sallyport-data',
    );
  });

  test('on Postgres is a Deployment that never has fewer pods than asked for, and no claim', () => {
    const objects = render({ ...POSTGRES, replicas: 3 });
    const { spec } = pick(objects, 'Deployment', 'box-sallyport');
    expect(spec.replicas).toBe(3);
    expect(spec.strategy.rollingUpdate).toEqual({ maxUnavailable: 0, maxSurge: 1 });
    expect(names(objects, 'PersistentVolumeClaim')).toEqual([]);
    expect(volume(serverPod(objects), 'data').emptyDir).toBeDefined();
  });

  test('selects by what never changes, whatever labels are added', () => {
    const selector = (values: object): unknown =>
      render(values).find((each) => each.kind === 'StatefulSet').spec.selector;
    expect(selector({ commonLabels: { team: 'doors' }, podLabels: { tier: 'a' } })).toEqual(
      selector({}),
    );
  });

  test('a given claim is used and none is made', () => {
    const objects = render({ persistence: { existingClaim: 'mine' } });
    expect(names(objects, 'PersistentVolumeClaim')).toEqual([]);
    expect(volume(serverPod(objects), 'data').persistentVolumeClaim.claimName).toBe('mine');
  });
});

describe('every pod', () => {
  const shapes: [string, object][] = [
    ['on Postgres', ALL_ON_POSTGRES],
    ['on SQLite', ALL_ON_SQLITE],
  ];

  test.each(shapes)('%s keeps the level restricted with a read-only root', (_name, values) => {
    const pods = podTemplates(render(values));
    expect(pods.length).toBeGreaterThanOrEqual(3);
    for (const { spec } of pods) {
      expect(spec.securityContext).toMatchObject({
        runAsNonRoot: true,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      for (const each of [...(spec.initContainers ?? []), ...spec.containers]) {
        expect(each.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(each.resources.limits.memory).toBeDefined();
      }
    }
  });

  test.each(shapes)('%s runs the one image and pulls it with the given logins', (_name, values) => {
    const image = { repository: 'box', registry: 'mine', tag: '9' };
    const pods = podTemplates(
      render({
        ...values,
        image,
        imagePullSecrets: [{ name: 'b' }],
        global: { imagePullSecrets: [{ name: 'a' }] },
      }),
    );
    for (const { spec } of pods) {
      expect(spec.imagePullSecrets).toEqual([{ name: 'a' }, { name: 'b' }]);
      for (const each of [...(spec.initContainers ?? []), ...spec.containers])
        expect(each.image).toBe('mine/box:9');
    }
  });

  test.each(shapes)(
    '%s names no user, group or volume group where the platform chooses',
    (_name, values) => {
      const security = { runAsUser: null, runAsGroup: null, fsGroup: null };
      for (const { spec } of podTemplates(render({ ...values, security }))) {
        for (const name of Object.keys(security))
          expect(spec.securityContext[name]).toBeUndefined();
      }
    },
  );

  test.each(shapes)(
    '%s gets no token of the cluster, but for the job that makes the keys',
    (_name, values) => {
      const withToken = podTemplates(render(values)).filter(
        ({ spec }) => spec.automountServiceAccountToken !== false,
      );
      expect(withToken.map((pod) => pod.metadata.labels['app.kubernetes.io/component'])).toEqual([
        'keys',
      ]);
    },
  );

  test('the server gets a token when it is asked for', () => {
    expect(
      serverPod(render({ serviceAccount: { automountToken: true } })).spec
        .automountServiceAccountToken,
    ).toBe(true);
  });
});

describe('the image', () => {
  test.each<[string, object, string]>([
    ["is of the chart's version", {}, 'sallyport:0.1.0'],
    ['may have a tag', { image: { tag: '7' } }, 'sallyport:7'],
    [
      'digest is stronger than tag',
      { image: { tag: '7', digest: `sha256:${'0'.repeat(64)}` } },
      `sallyport@sha256:${'0'.repeat(64)}`,
    ],
    ['may have a registry', { image: { registry: 'r:5000/x' } }, 'r:5000/x/sallyport:0.1.0'],
    [
      'registry for all charts is stronger',
      { image: { registry: 'r' }, global: { imageRegistry: 'g' } },
      'g/sallyport:0.1.0',
    ],
  ])('%s', (_name, values, image) => {
    expect(container(render(values)).image).toBe(image);
  });
});

describe('probes', () => {
  test('ask three pages of the API; liveness is not readiness', () => {
    const found = container(render());
    expect(found.startupProbe.httpGet).toEqual({ path: '/startupz', port: 'api' });
    expect(found.livenessProbe.httpGet).toEqual({ path: '/livez', port: 'api' });
    expect(found.readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'api' });
  });

  test('a stopping pod has time for three drains', () => {
    const grace = (values: object): number =>
      serverPod(render(values)).spec.terminationGracePeriodSeconds;
    expect(grace({})).toBe(70);
    expect(grace({ config: { http: { drain_ms: 30_000 } } })).toBe(100);
    expect(grace({ terminationGracePeriodSeconds: 5 })).toBe(5);
  });
});

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
      mkdirSync(join(folder, 'secrets'));
      const { sources } = volume(serverPod(objects), 'secrets').projected;
      for (const { secret } of sources) {
        const [{ key, path }] = secret.items;
        writeFileSync(
          join(folder, 'secrets', path),
          `${secret.name}/${key}\nsecond line`.slice(
            0,
            path.endsWith('webhook_secrets') ? 99 : secret.name.length + key.length + 1,
          ),
          { mode: 0o600 },
        );
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
    expect(JSON.stringify(volume(job.spec.template, 'secrets'))).toContain('owner_password');
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

  test('a changed setting rolls the pods, unless a running server takes it over by itself', () => {
    const checksum = (config: object): string =>
      serverPod(render({ config })).metadata.annotations['checksum/config'];
    const plain = checksum({ http: { port: 8080 }, log: { level: 'info' } });
    expect(checksum({ http: { port: 8081 }, log: { level: 'info' } })).not.toBe(plain);
    const isLive = 'live' in (SETTINGS.get('log.level') ?? {});
    expect(checksum({ http: { port: 8080 }, log: { level: 'debug' } }) === plain).toBe(isLive);
  });
});

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

describe('the neighbourhood', () => {
  test('a budget against drains stands only above one replica and only if wanted', () => {
    const budgets = (values: object): string[] =>
      names(render({ ...POSTGRES, ...values }), 'PodDisruptionBudget');
    expect(budgets({ replicas: 1 })).toEqual([]);
    expect(budgets({ replicas: 2 })).toEqual(['box-sallyport']);
    expect(budgets({ replicas: 2, podDisruptionBudget: { enabled: false } })).toEqual([]);
  });

  test("replicas are spread over zones and nodes; one's own rules replace that", () => {
    const spread = (values: object): Rendered =>
      serverPod(render({ ...POSTGRES, ...values })).spec.topologySpreadConstraints;
    expect(spread({ replicas: 1 })).toBeUndefined();
    expect(spread({ replicas: 2 }).map((each: Rendered) => each.topologyKey)).toEqual([
      'topology.kubernetes.io/zone',
      'kubernetes.io/hostname',
    ]);
    const own = { maxSkew: 2, topologyKey: 'rack', whenUnsatisfiable: 'DoNotSchedule' };
    expect(spread({ replicas: 2, topologySpreadConstraints: [own] })).toEqual([
      {
        ...own,
        labelSelector: {
          matchLabels: expect.objectContaining({ 'app.kubernetes.io/component': 'server' }),
        },
      },
    ]);
  });

  test('the network policy lets out names, the database and enabled providers, and nothing else', () => {
    const ports = (values: object): number[] =>
      pick(render(values), 'NetworkPolicy', 'box-sallyport').spec.egress.flatMap((rule: Rendered) =>
        rule.ports.map((each: Rendered) => each.port),
      );
    expect(ports({})).toEqual([53, 53]);
    expect(ports(POSTGRES)).toEqual([53, 53, 5432]);
    expect(ports({ config: { providers: { stripe: { enabled: true } } } })).toEqual([53, 53, 443]);
    expect(
      ports({
        config: {
          providers: { stripe: { enabled: true, base_url: 'https://relay.example.com:8444' } },
        },
      }),
    ).toEqual([53, 53, 8444]);
    expect(
      ports({
        config: {
          outside: { proxy_url: 'http://proxy:3128' },
          providers: { stripe: { enabled: true } },
        },
      }),
    ).toEqual([53, 53, 3128]);
    expect(names(render({ networkPolicy: { enabled: false } }), 'NetworkPolicy')).toEqual([]);
  });

  test('the network policy lets in the two listeners, from whom it is told', () => {
    const peers = [{ ipBlock: { cidr: '10.0.0.0/8' } }];
    const { ingress } = pick(
      render({ networkPolicy: { apiFrom: peers, gatewayFrom: peers } }),
      'NetworkPolicy',
      'box-sallyport',
    ).spec;
    expect(ingress.map((rule: Rendered) => rule.ports[0].port)).toEqual(['api', 'gateway']);
    expect(ingress[0].from[0]).toEqual(peers[0]);
    expect(ingress[1].from).toEqual(peers);
  });

  test('two Services lead to the two listeners by name', () => {
    const objects = render({
      services: {
        gateway: {
          type: 'LoadBalancer',
          externalTrafficPolicy: 'Local',
          port: 443,
          loadBalancerSourceRanges: ['198.51.100.0/24'],
        },
      },
    });
    expect(pick(objects, 'Service', 'box-sallyport-api').spec).toMatchObject({
      type: 'ClusterIP',
      ports: [{ name: 'http', port: 80, targetPort: 'api' }],
    });
    expect(pick(objects, 'Service', 'box-sallyport-gateway').spec).toMatchObject({
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      loadBalancerSourceRanges: ['198.51.100.0/24'],
      ports: [{ name: 'wss', port: 443, targetPort: 'gateway' }],
    });
  });

  test('an Ingress stands in front of the API when asked for', () => {
    expect(names(render(), 'Ingress')).toEqual([]);
    const { spec } = pick(
      render({
        ingress: { enabled: true, host: 'door.example.com', tlsSecret: 'tls', className: 'nginx' },
      }),
      'Ingress',
      'box-sallyport',
    );
    expect(spec).toMatchObject({
      ingressClassName: 'nginx',
      tls: [{ secretName: 'tls', hosts: ['door.example.com'] }],
      rules: [
        {
          host: 'door.example.com',
          http: {
            paths: [
              {
                path: '/',
                backend: { service: { name: 'box-sallyport-api', port: { name: 'http' } } },
              },
            ],
          },
        },
      ],
    });
  });

  test('Prometheus is told of the API when asked for, and its page is there', () => {
    expect(names(render(), 'ServiceMonitor')).toEqual([]);
    const objects = render({ serviceMonitor: { enabled: true, labels: { release: 'p' } } });
    const monitor = pick(objects, 'ServiceMonitor', 'box-sallyport');
    expect(monitor.metadata.labels.release).toBe('p');
    const service = pick(objects, 'Service', 'box-sallyport-api');
    expect(service.metadata.labels).toMatchObject(monitor.spec.selector.matchLabels);
    expect(service.spec.ports[0].name).toBe(monitor.spec.endpoints[0].port);
  });

  test('authorities of the customer are trusted by the server and the migration', () => {
    for (const from of ['configMap', 'secret']) {
      const objects = render({ ...POSTGRES, caBundle: { [from]: 'ca', key: 'bundle.pem' } });
      const migrate = pick(objects, 'Job', 'box-sallyport-migrate').spec.template;
      for (const pod of [serverPod(objects), migrate]) {
        expect(pod.spec.containers[0].env).toContainEqual({
          name: 'NODE_EXTRA_CA_CERTS',
          value: '/etc/sallyport/ca/bundle.pem',
        });
        expect(Object.keys(volume(pod, 'ca'))).toContain(from);
      }
    }
  });

  test('more of everything: environment, volumes, objects with templates in them', () => {
    const objects = render({
      extraEnv: [{ name: 'TZ', value: 'UTC' }],
      extraVolumes: [{ name: 'more', emptyDir: {} }],
      extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
      extraObjects: [
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: '{{ .Release.Name }}-more' } },
      ],
    });
    expect(container(objects).env).toContainEqual({ name: 'TZ', value: 'UTC' });
    expect(volume(serverPod(objects), 'more')).toEqual({ name: 'more', emptyDir: {} });
    expect(container(objects).volumeMounts).toContainEqual({ name: 'more', mountPath: '/more' });
    pick(objects, 'ConfigMap', 'box-more');
  });

  test('every object bears the common labels and annotations', () => {
    const objects = render({
      ...ALL_ON_POSTGRES,
      commonLabels: { team: 'doors' },
      commonAnnotations: { by: 'it' },
    });
    for (const { metadata } of objects) {
      expect(metadata.labels.team).toBe('doors');
      expect(metadata.annotations.by).toBe('it');
      expect(metadata.namespace).toBe('site');
    }
  });

  test('names can be chosen, and long ones stay within the limit', () => {
    expect(names(render({ fullnameOverride: 'door' }), 'Service')).toEqual([
      'door-api',
      'door-gateway',
    ]);
    for (const { metadata } of render({ ...ALL_ON_POSTGRES, fullnameOverride: 'd'.repeat(80) })) {
      expect(metadata.name.length).toBeLessThanOrEqual(63);
    }
  });
});

function put(tree: Record<string, unknown>, path: string, value: unknown): void {
  const parts = path.split('.');
  const last = parts.pop() ?? '';
  const group = parts.reduce((at, name) => (at[name] ??= {}) as Record<string, unknown>, tree);
  group[last] = value;
}
