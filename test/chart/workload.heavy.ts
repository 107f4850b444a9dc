// The pods: workload, rights, image, probes. Needs helm.

import { describe, expect, test } from '@jest/globals';
import { ALL_ON_POSTGRES, ALL_ON_SQLITE, POSTGRES } from './all-on.ts';
import { container, names, pick, podTemplates, render, serverPod, volume } from './helm.ts';

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
