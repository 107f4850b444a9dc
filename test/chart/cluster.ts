// The cluster that KUBECONFIG names, as far as the tests of the chart need it: namespaces that enforce the
// level `restricted`, objects read and made, tokens of accounts. Any cluster will do that may be filled with
// namespaces; pods need not really run.

import { ApiException, CoreV1Api, KubeConfig, KubernetesObjectApi } from '@kubernetes/client-node';
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import type { Rendered } from './helm.ts';

export function connectCluster(): Cluster {
  if ((process.env['KUBECONFIG'] ?? '') === '') {
    throw new Error('KUBECONFIG: expected the cluster to test the chart on, found nothing');
  }
  const config = new KubeConfig();
  config.loadFromDefault();
  return {
    config,
    core: config.makeApiClient(CoreV1Api),
    objects: KubernetesObjectApi.makeApiClient(config),
  };
}

export interface Cluster {
  config: KubeConfig;
  core: CoreV1Api;
  objects: KubernetesObjectApi;
}

export async function makeNamespace({ core }: Cluster): Promise<string> {
  const name = `sallyport-test-${randomBytes(4).toString('hex')}`;
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'latest',
  };
  await core.createNamespace({ body: { metadata: { name, labels } } });
  await untilTrue('its default account', async () => {
    const accounts = await core.listNamespacedServiceAccount({ namespace: name });
    return accounts.items.some((each) => each.metadata?.name === 'default');
  });
  return name;
}

export async function removeNamespace({ core }: Cluster, name: string): Promise<void> {
  await core.deleteNamespace({ name, propagationPolicy: 'Background' });
}

/** Null where there is none. */
export async function read(
  { objects }: Cluster,
  wanted: { apiVersion: string; kind: string; namespace: string; name: string },
): Promise<Rendered> {
  const { apiVersion, kind, namespace, name } = wanted;
  try {
    return await objects.read({ apiVersion, kind, metadata: { name, namespace } });
  } catch (error) {
    if (error instanceof ApiException && error.code === 404) return null;
    throw error;
  }
}

/** What the cluster says to an object without keeping it: null is yes. Unknown fields are refused. */
export async function objection({ config }: Cluster, object: Rendered): Promise<string | null> {
  const { apiVersion, kind, metadata } = object;
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const plural = String(kind).toLowerCase().replace(/y$/, 'ie').replace(/s$/, 'se');
  const path = `${root}/namespaces/${metadata.namespace}/${plural}s?dryRun=All&fieldValidation=Strict`;
  const answer = await ask(config, path, object);
  return answer.status === 201 ? null : `${answer.status} ${answer.text}`;
}

/** One request to the cluster; a POST where there is a body. */
export async function ask(
  config: KubeConfig,
  path: string,
  body?: object,
): Promise<{ status: number; text: string }> {
  const options: RequestOptions = { method: body === undefined ? 'GET' : 'POST' };
  options.headers = { 'content-type': 'application/json' };
  await config.applyToHTTPSOptions(options);
  return new Promise((resolve, reject) => {
    const asked = request(
      `${config.getCurrentCluster()?.server ?? ''}${path}`,
      options,
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (chunk: string) => (text += chunk));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
      },
    );
    asked.on('error', reject);
    asked.end(body === undefined ? '' : JSON.stringify(body));
  });
}

/** A kubeconfig by which a program acts as that account of the namespace. */
export async function actAs(
  { config, core }: Cluster,
  { namespace, account, file }: { namespace: string; account: string; file: string },
): Promise<void> {
  const made = await core.createNamespacedServiceAccountToken({
    namespace,
    name: account,
    body: { spec: { audiences: [], expirationSeconds: 600 } },
  });
  const kubeconfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: clusterOf(config) }],
    users: [{ name: 'u', user: { token: made.status?.token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace } }],
    'current-context': 'x',
  };
  writeFileSync(file, JSON.stringify(kubeconfig), { mode: 0o600 });
}

export async function untilTrue(what: string, look: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await look())) {
    if (Date.now() > deadline) throw new Error(`waited 60 s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function clusterOf(config: KubeConfig): object {
  const cluster = config.getCurrentCluster();
  return {
    server: cluster?.server,
    'insecure-skip-tls-verify': cluster?.skipTLSVerify ?? false,
    ...(cluster?.caData === undefined ? {} : { 'certificate-authority-data': cluster.caData }),
    ...(cluster?.caFile === undefined ? {} : { 'certificate-authority': cluster.caFile }),
  };
}
