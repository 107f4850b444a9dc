// A release's whole life on a cluster, in a namespace that enforces `restricted`: installed, upgraded, refused,
// rolled back, removed. Needs helm and KUBECONFIG. The cluster's pods need not run: what is checked is what
// helm and the cluster do with them.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { POSTGRES } from './all-on.ts';
import { chartOf, type ReleaseChart } from './chart-versions.ts';
import {
  type Cluster,
  connectCluster,
  makeNamespace,
  read,
  removeNamespace,
  untilTrue,
} from './cluster.ts';
import { type Answer, helmBeside, type Rendered } from './helm.ts';
import { playKubelet } from './kubelet.ts';
import { makeKeysAs } from './keys-program.ts';

const SECOND_VERSION = '0.1.1-next';
const WAIT = ['--wait', '--timeout', '90s'];

let cluster: Cluster;
let namespace: string;
let stopKubelet: () => Promise<void>;
let folder: string;
let next: ReleaseChart;
const now = chartOf();

beforeAll(() => {
  cluster = connectCluster();
  folder = mkdtempSync(join(tmpdir(), 'sallyport-charts-'));
  next = chartOf({ version: SECOND_VERSION, folder });
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a release on Postgres', () => {
  beforeAll(async () => {
    namespace = await makeNamespace(cluster);
    stopKubelet = await playKubelet(cluster, namespace);
    const names = ['owner_password', 'app_password', 'engine_password'];
    const stringData = Object.fromEntries(names.map((name) => [`database.postgres.${name}`, name]));
    await cluster.core.createNamespacedSecret({
      namespace,
      body: { metadata: { name: 'secrets' }, stringData },
    });
  });
  afterAll(async () => {
    await stopKubelet();
    await removeNamespace(cluster, namespace);
  });

  const values = { ...POSTGRES, replicas: 2 };
  let keys: Rendered;

  test('is installed and waited for', async () => {
    done(await install(now, values));
    expect((await deployment()).status).toMatchObject({ readyReplicas: 2, updatedReplicas: 2 });
  });

  test('leaves no account, Role or job behind that could touch its secrets', async () => {
    const left = await Promise.all([
      find('rbac.authorization.k8s.io/v1', 'Role', 'box-sallyport-make-keys'),
      find('rbac.authorization.k8s.io/v1', 'RoleBinding', 'box-sallyport-make-keys'),
      find('batch/v1', 'Job', 'box-sallyport-make-keys'),
      find('batch/v1', 'Job', 'box-sallyport-migrate'),
      find('v1', 'ServiceAccount', 'box-sallyport-jobs'),
      find('v1', 'ConfigMap', 'box-sallyport-migrate'),
    ]);
    expect(left).toEqual(left.map(() => null));
  });

  test('gets its keys from the program of the job', async () => {
    // No container runs here; the job's own command is played with the job's own rights.
    const made = await makeKeysAs(cluster, { namespace, name: 'box-sallyport-keys', rights: now });
    expect(made).toMatchObject({ status: 0, output: expect.stringContaining('was made') });
    keys = await find('v1', 'Secret', 'box-sallyport-keys');
    expect(keys.immutable).toBe(true);
  });

  test('is upgraded to the next version; keys and secrets are the same objects', async () => {
    const secrets = await find('v1', 'Secret', 'secrets');
    done(await upgrade(next, values));
    expect(await imageInForce()).toBe(`sallyport:${SECOND_VERSION}`);
    expect(await find('v1', 'Secret', 'box-sallyport-keys')).toEqual(keys);
    expect(await find('v1', 'Secret', 'secrets')).toEqual(secrets);
  });

  test('a rolled back release runs the old image with the same keys', async () => {
    const answer = await inNamespace('rollback', 'box', '1', ...WAIT);
    done(answer);
    expect(await imageInForce()).toBe(`sallyport:${now.version}`);
    expect(await find('v1', 'Secret', 'box-sallyport-keys')).toEqual(keys);
  });

  test('a migration that fails keeps the old pods serving', async () => {
    const before = await serverPods();
    // Nobody can be scheduled there, so the job's pod stays until it is said to have failed.
    const stuck = { ...values, nodeSelector: { nobody: 'here' }, jobs: { retries: 0 } };
    const upgrading = upgrade(next, stuck);
    await failPodOf('keys', 'Succeeded');
    await failPodOf('migrate', 'Failed');
    const { status, errors } = await upgrading;
    expect(status).not.toBe(0);
    expect(errors).toContain('pre-upgrade hooks failed');
    expect(await imageInForce()).toBe(`sallyport:${now.version}`);
    expect(await serverPods()).toEqual(before);
    expect(await find('v1', 'Secret', 'box-sallyport-keys')).toEqual(keys);
    // The job stays, so that its log can be read.
    expect(await find('batch/v1', 'Job', 'box-sallyport-migrate')).not.toBeNull();
  });

  test('and the next upgrade that can migrate goes through', async () => {
    done(await upgrade(next, values));
    expect(await imageInForce()).toBe(`sallyport:${SECOND_VERSION}`);
  });

  test('changing nothing, or what a running server takes over by itself, replaces no pod', async () => {
    const before = await serverPods();
    done(await upgrade(next, values));
    expect(await serverPods()).toEqual(before);
    done(
      await upgrade(next, { ...values, config: { ...POSTGRES.config, log: { level: 'debug' } } }),
    );
    expect((await find('v1', 'ConfigMap', 'box-sallyport')).data['server.yaml']).toContain('debug');
    expect(await serverPods()).toEqual(before);
  });

  test('changing any other setting replaces them all', async () => {
    const before = await serverPods();
    const config = { ...POSTGRES.config, http: { header_limit_bytes: 32_768 } };
    done(await upgrade(next, { ...values, config }));
    await untilTrue('the old pods to be gone', async () =>
      (await serverPods()).every((uid) => !before.includes(uid)),
    );
  });

  test('one that asks for the impossible changes nothing', async () => {
    const generation = (await deployment()).metadata.generation as number;
    const answer = await upgrade(next, { config: { database: { kind: 'sqlite' } }, replicas: 2 });
    expect(answer.errors).toContain('SQLite is one file that one process writes');
    expect((await deployment()).metadata.generation).toBe(generation);
  });

  test('removed, it leaves the keys and nothing else of its own', async () => {
    done(await inNamespace('uninstall', 'box', ...WAIT));
    expect(await find('v1', 'Secret', 'box-sallyport-keys')).toEqual(keys);
    expect(await find('apps/v1', 'Deployment', 'box-sallyport')).toBeNull();
    expect(await find('v1', 'ConfigMap', 'box-sallyport')).toBeNull();
  });

  test('installed again, it finds its keys', async () => {
    done(await install(now, values));
    const again = await makeKeysAs(cluster, { namespace, name: 'box-sallyport-keys', rights: now });
    expect(again).toMatchObject({ status: 0, output: expect.stringContaining('stays as it is') });
    expect(await find('v1', 'Secret', 'box-sallyport-keys')).toEqual(keys);
  });
});

describe('a release on SQLite', () => {
  beforeAll(async () => {
    namespace = await makeNamespace(cluster);
    stopKubelet = await playKubelet(cluster, namespace);
  });
  afterAll(async () => {
    await stopKubelet();
    await removeNamespace(cluster, namespace);
    await cluster.core.deletePersistentVolume({ name: namespace });
  });

  beforeEach(async () => {
    if (await volumeExists()) return;
    await cluster.core.createPersistentVolume({
      body: {
        metadata: { name: namespace },
        spec: {
          capacity: { storage: '10Gi' },
          accessModes: ['ReadWriteOnce'],
          persistentVolumeReclaimPolicy: 'Retain',
          storageClassName: namespace,
          hostPath: { path: `/var/empty/${namespace}` },
        },
      },
    });
  });

  const values = (): object => ({ persistence: { storageClass: namespace } });
  const claim = (): Promise<Rendered> => find('v1', 'PersistentVolumeClaim', 'box-sallyport-data');
  let uid = '';

  test('is installed on a claim, upgraded on it and rolled back on it', async () => {
    done(await install(now, values()));
    ({ uid } = (await claim()).metadata);
    done(await upgrade(next, values()));
    done(await inNamespace('rollback', 'box', '1', ...WAIT));
    const found = await claim();
    expect([found.metadata.uid, found.status.phase]).toEqual([uid, 'Bound']);
  });

  test('that is broken (its pod cannot run) is rolled back and the old one runs', async () => {
    // No node is that large. Not waited for: helm would only say that it is not ready.
    const broken = { ...values(), resources: { requests: { cpu: '1000' } } };
    done(await inNamespace('upgrade', 'box', next.path, '--values', fileOf(broken)));
    await untilTrue('the broken pod to be in the place of the old one', async () => {
      const pod = await onlyPod();
      return cpuOf(pod) === '1k' && pod?.status.phase === 'Pending';
    });
    done(await inNamespace('rollback', 'box', ...WAIT));
    const pod = await onlyPod();
    expect([cpuOf(pod), pod.status.phase]).toEqual(['250m', 'Running']);
    expect(pod.spec.containers[0].image).toBe(`sallyport:${now.version}`);
    expect(pod.spec.volumes).toContainEqual({
      name: 'data',
      persistentVolumeClaim: { claimName: 'box-sallyport-data' },
    });
  });

  test('leaves its claim when it is removed, and finds it again', async () => {
    done(await inNamespace('uninstall', 'box', ...WAIT));
    expect(await find('apps/v1', 'StatefulSet', 'box-sallyport')).toBeNull();
    expect((await claim()).metadata.uid).toBe(uid);
    done(await install(now, values()));
    expect((await claim()).metadata.uid).toBe(uid);
  });

  test('`helm test` asks it', async () => {
    done(await inNamespace('test', 'box', '--timeout', '60s'));
  });
});

/** Fails with what helm said. */
function done({ status, errors }: Answer): void {
  expect({ status, errors }).toMatchObject({
    status: 0,
    errors: expect.not.stringContaining('Error'),
  });
}

function install({ path }: ReleaseChart, values: object): Promise<Answer> {
  return inNamespace('install', 'box', path, '--values', fileOf(values), ...WAIT);
}

function upgrade({ path }: ReleaseChart, values: object): Promise<Answer> {
  return inNamespace('upgrade', 'box', path, '--values', fileOf(values), ...WAIT);
}

function inNamespace(...words: string[]): Promise<Answer> {
  return helmBeside([...words, '--namespace', namespace]);
}

function fileOf(values: object): string {
  const file = join(folder, `values-${Math.random()}.json`);
  writeFileSync(file, JSON.stringify(values));
  return file;
}

/** Says in the kubelet's place how the pod of that job ended. */
async function failPodOf(component: string, phase: 'Failed' | 'Succeeded'): Promise<void> {
  const labelSelector = `app.kubernetes.io/component=${component}`;
  let name = '';
  await untilTrue(`a pod of the job ${component}`, async () => {
    const pods = await cluster.core.listNamespacedPod({ namespace, labelSelector });
    name = pods.items.find((pod) => pod.status?.phase === 'Pending')?.metadata?.name ?? '';
    return name !== '';
  });
  const pod = await cluster.core.readNamespacedPod({ namespace, name });
  pod.status = Object.assign(pod.status ?? {}, { phase });
  await cluster.core.replaceNamespacedPodStatus({ namespace, name, body: pod });
}

function find(apiVersion: string, kind: string, name: string): Promise<Rendered> {
  return read(cluster, { apiVersion, kind, namespace, name });
}

function deployment(): Promise<Rendered> {
  return find('apps/v1', 'Deployment', 'box-sallyport');
}

async function imageInForce(): Promise<string> {
  const [container] = (await deployment()).spec.template.spec.containers as { image: string }[];
  return container?.image ?? '';
}

async function serverPods(): Promise<string[]> {
  const labelSelector = 'app.kubernetes.io/component=server';
  const { items } = await cluster.core.listNamespacedPod({ namespace, labelSelector });
  return items
    .filter((pod) => pod.metadata?.deletionTimestamp === undefined)
    .map((pod) => pod.metadata?.uid ?? '')
    .toSorted();
}

/** The pod of the StatefulSet; null between two. */
function onlyPod(): Promise<Rendered> {
  return find('v1', 'Pod', 'box-sallyport-0');
}

function cpuOf(pod: Rendered): string {
  return pod?.spec.containers[0].resources.requests.cpu;
}

async function volumeExists(): Promise<boolean> {
  const { items } = await cluster.core.listPersistentVolume();
  return items.some((each) => each.metadata?.name === namespace);
}
