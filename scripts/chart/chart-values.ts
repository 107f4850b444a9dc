// The values of the chart that are not settings of the server, as data. Settings come from the config
// table (config-values.ts).

import { configValue, secretSettingsValue } from './config-values.ts';
import * as schema from './value-schemas.ts';
import { group, value, type Group, type ValuesTree } from './value.ts';

const annotations = (what: string) => value(`Annotations of ${what}.`, {}, schema.strings);

export const CHART_VALUES: ValuesTree = {
  global: group(
    'Shared with other charts; keys this chart does not know are left alone.',
    {
      imageRegistry: value(
        'Registry of every image; stronger than image.registry.',
        '',
        schema.name,
      ),
      imagePullSecrets: value(
        'Secrets for the registry, beside imagePullSecrets.',
        [],
        schema.references,
      ),
    },
    { open: true },
  ),
  nameOverride: value('Replaces the name of the chart in labels and names.', '', schema.objectName),
  fullnameOverride: value('Replaces the whole name of the objects.', '', schema.objectName),
  commonLabels: value('Labels of every object.', {}, schema.strings),
  commonAnnotations: annotations('every object'),
  image: group('The image; the jobs use it too, nothing else is ever pulled.', {
    registry: value('Registry, with port and folder where there are any.', '', schema.name),
    repository: value('Name of the image.', 'sallyport', schema.filled),
    tag: value('Tag; empty: the appVersion of the chart.', '', schema.name),
    digest: value('sha256:… of the image; stronger than the tag.', '', schema.digest),
    pullPolicy: value(
      'When the image is pulled.',
      'IfNotPresent',
      schema.oneOf('Always', 'IfNotPresent', 'Never'),
    ),
  }),
  imagePullSecrets: value('Secrets for the registry, as `- name: …`.', [], schema.references),
  replicas: value(
    'Pods of the server. More than one needs config.database.kind postgres: SQLite is a file that one process writes.',
    1,
    schema.integer(1, 100),
  ),
  config: configValue,
  secrets: group(
    'Where the secret settings of the server come from. They are never written into config.',
    {
      existingSecret: value(
        'The Secret of every entry of secrets.settings that names none.',
        '',
        schema.objectName,
      ),
      settings: secretSettingsValue,
    },
  ),
  keys: group(
    'Root keys, authority of the gateway and first API key: made once at install, never changed by an upgrade.',
    {
      existingSecret: value(
        'A Secret with keys.json, authority.pem and bootstrap-api-key. Empty: a job makes one, immutable, named …-keys, and keeps it.',
        '',
        schema.objectName,
      ),
    },
  ),
  caBundle: group(
    'Authorities of the customer (PEM), trusted beside those of Node: by providers, Postgres and proxy.',
    {
      configMap: value('A ConfigMap with the bundle.', '', schema.objectName),
      secret: value('Or a Secret with it.', '', schema.objectName),
      key: value('The key of the bundle in either.', 'ca.crt', schema.filled),
    },
  ),
  gateway: group('The listener of the terminals.', {
    tlsSecret: value(
      'A kubernetes.io/tls Secret with the certificate of the gateway. Empty: it is issued by the authority of the keys Secret.',
      '',
      schema.objectName,
    ),
  }),
  services: group('How the two listeners are reached in the cluster.', {
    api: group('REST API and metrics.', service('ClusterIP', 80)),
    gateway: group('Terminals (WebSocket in TLS, which ends in the server).', {
      ...service('ClusterIP', 8443),
      loadBalancerSourceRanges: value('Networks a LoadBalancer lets in.', [], schema.texts),
      externalTrafficPolicy: value(
        'Local keeps the addresses of the terminals. Empty: the default of the cluster.',
        '',
        schema.oneOf('', 'Cluster', 'Local'),
      ),
    }),
  }),
  ingress: group('TLS in front of the REST API. The gateway is no part of it.', {
    enabled: schema.flag('Make an Ingress.', false),
    className: value('Its class; empty: the default of the cluster.', '', schema.objectName),
    host: value('The name in http.public_url of config.', '', schema.name),
    path: value('The path below which everything is passed on.', '/', schema.filled),
    tlsSecret: value('A kubernetes.io/tls Secret for that host.', '', schema.objectName),
    annotations: annotations('the Ingress'),
  }),
  persistence: group(
    'The volume of the SQLite database. It stays when the release is uninstalled.',
    {
      size: value('Its size.', '10Gi', schema.size),
      storageClass: value(
        'Its class; empty: the default of the cluster. It must be a local or block device: SQLite needs its locks.',
        '',
        schema.name,
      ),
      existingClaim: value('A claim that is there already.', '', schema.objectName),
      annotations: annotations('the claim'),
    },
  ),
  serviceAccount: group('The account of the server. The server asks the cluster nothing.', {
    create: schema.flag('Make one.', true),
    name: value(
      'Its name; empty: that of the release, or `default` where none is made.',
      '',
      schema.objectName,
    ),
    annotations: annotations('it'),
    automountToken: schema.flag(
      'Give its token to the server, for what extraEnv or extraVolumes bring.',
      false,
    ),
  }),
  security: group(
    'Who the processes are. null leaves the choice to the platform (OpenShift). All else is fixed at the level `restricted`.',
    {
      runAsUser: value('User id.', 10001, schema.idOrNull),
      runAsGroup: value('Group id.', 10001, schema.idOrNull),
      fsGroup: value('Group of the mounted volumes.', 10001, schema.idOrNull),
    },
  ),
  resources: value(
    'Requests and limits of the server. 10,000 templates need about 150 MiB, 100,000 about 450 MiB.',
    { requests: { cpu: '250m', memory: '512Mi' }, limits: { memory: '1Gi' } },
    schema.resources,
  ),
  jobs: group('The jobs of an install and an upgrade.', {
    resources: value(
      'Requests and limits.',
      { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } },
      schema.resources,
    ),
    deadlineSeconds: value(
      'How long the migration may take before the upgrade fails and the old release stays.',
      900,
      schema.integer(30, 86_400),
    ),
    retries: value('How often a failed job is tried again.', 2, schema.integer(0, 10)),
  }),
  probes: group(
    'When a pod counts as started, alive and ready. Liveness asks nothing of the database.',
    {
      startup: group(
        '/startupz; its time is for loading templates and, on SQLite, migrations.',
        probe(2, 150),
      ),
      liveness: group('/livez; a pod that fails is restarted.', probe(10, 6)),
      readiness: group('/readyz; a pod that fails gets no requests.', probe(5, 2)),
    },
  ),
  terminationGracePeriodSeconds: value(
    'How long a stopping pod may take; null: three times config.http.drain_ms and ten seconds.',
    null,
    { type: ['integer', 'null'], minimum: 1 },
  ),
  podAnnotations: annotations('the pods of the server'),
  podLabels: value('Labels of the pods of the server.', {}, schema.strings),
  nodeSelector: value('Labels of the nodes that may run the pods.', {}, schema.strings),
  tolerations: value('Taints the pods bear.', [], schema.objects),
  affinity: value('Affinity of the pods.', {}, schema.open),
  topologySpreadConstraints: value(
    'How replicas are spread; empty: over zones and nodes, as far as it goes. Entries without a labelSelector get that of the server.',
    [],
    schema.objectsWith('topologyKey', 'whenUnsatisfiable'),
  ),
  priorityClassName: value('Priority of the pods.', '', schema.objectName),
  podDisruptionBudget: group(
    'Keeps a drain of nodes from taking all replicas at once. Only above one replica.',
    {
      enabled: schema.flag('Make one.', true),
      maxUnavailable: value(
        'Pods (or percent, as `50%`) that may be missing, at least one: none would block every drain.',
        1,
        schema.someOrPercent,
      ),
    },
  ),
  networkPolicy: group(
    'What may talk to the pods and to whom they may talk. It bites only where the network enforces it.',
    {
      enabled: schema.flag('Make one.', true),
      apiFrom: value('Who may reach the API; empty: everybody.', [], schema.objects),
      gatewayFrom: value('Who may reach the gateway; empty: everybody.', [], schema.objects),
      databaseTo: value(
        'Where Postgres is; empty: anywhere, on its port only.',
        [],
        schema.objects,
      ),
      providersTo: value(
        'Where providers or the proxy are; empty: anywhere, on their ports only.',
        [],
        schema.objects,
      ),
      extraEgress: value('More rules for the way out.', [], schema.objects),
    },
  ),
  serviceMonitor: group('Scraping by the Prometheus operator.', {
    enabled: schema.flag('Make one; the cluster must know ServiceMonitors.', false),
    interval: value('Time between two scrapes.', '30s', schema.duration),
    scrapeTimeout: value('The longest a scrape may take.', '10s', schema.duration),
    labels: value('Labels by which Prometheus finds it.', {}, schema.strings),
  }),
  extraEnv: value(
    'More environment variables of the server, as a pod has them. None of SALLYPORT_…: that is what config is for.',
    [],
    schema.objectsWith('name'),
  ),
  extraVolumes: value('More volumes of the pods.', [], schema.objectsWith('name')),
  extraVolumeMounts: value(
    'Where the server finds them.',
    [],
    schema.objectsWith('name', 'mountPath'),
  ),
  extraObjects: value(
    'More objects of the release; templates in them are filled in.',
    [],
    schema.objectsWith('apiVersion', 'kind'),
  ),
};

function service(type: string, port: number): Group['values'] {
  return {
    type: value(
      'Type of the Service.',
      type,
      schema.oneOf('ClusterIP', 'NodePort', 'LoadBalancer'),
    ),
    port: value('Its port.', port, schema.integer(1, 65_535)),
    nodePort: value('Its port on the nodes; null lets the cluster choose.', null, {
      type: ['integer', 'null'],
      minimum: 1,
      maximum: 65_535,
    }),
    annotations: annotations('the Service'),
  };
}

function probe(periodSeconds: number, failureThreshold: number): Group['values'] {
  return {
    periodSeconds: value('Time between two looks.', periodSeconds, schema.integer(1, 300)),
    timeoutSeconds: value('The longest an answer may take.', 3, schema.integer(1, 60)),
    failureThreshold: value(
      'Failures in a row that count.',
      failureThreshold,
      schema.integer(1, 1_000),
    ),
  };
}
