// What stands around the pods: budget, spread, network, Services, Ingress, monitoring, extras. Needs helm.

import { describe, expect, test } from '@jest/globals';
import { ALL_ON_POSTGRES, POSTGRES } from './all-on.ts';
import { container, names, pick, render, type Rendered, serverPod, volume } from './helm.ts';

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
