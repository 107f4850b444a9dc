// The Kubernetes API, for the checks of the chart. The client is large and loaded only here, only when
// a check of the helm runtime asks.

import type { Environment } from '../../config/environment-layer.ts';
import type { ClusterOutcome, PreflightCluster } from './host.ts';

const TIMEOUT_MS = 10_000;

export async function openCluster(
  env: Environment,
  context: string | null,
): Promise<ClusterOutcome> {
  try {
    const cluster = await connect(env, context);
    await within(cluster.version());
    return { ok: true, cluster };
  } catch (error) {
    return { ok: false, message: error instanceof Error ? firstLine(error) : String(error) };
  }
}

async function connect(env: Environment, context: string | null): Promise<PreflightCluster> {
  const k8s = await import('@kubernetes/client-node');
  const config = new k8s.KubeConfig();
  const named = env['KUBECONFIG'];
  if (named === undefined || named === '') config.loadFromDefault();
  else config.loadFromFile(named.split(':')[0] ?? named);
  if (context !== null) config.setCurrentContext(context);
  if (config.getCurrentCluster() === null) {
    throw new Error(
      `the kubeconfig has no ${context === null ? 'current context' : `context ${context}`}`,
    );
  }
  const core = config.makeApiClient(k8s.CoreV1Api);
  const access = config.makeApiClient(k8s.AuthorizationV1Api);
  const storage = config.makeApiClient(k8s.StorageV1Api);
  const versions = config.makeApiClient(k8s.VersionApi);
  return {
    version: async () => (await versions.getCode()).gitVersion,
    namespaceLabels: (name) =>
      core.readNamespace({ name }).then(
        (found) => found.metadata?.labels ?? {},
        (error: unknown) => nullIfHidden(error),
      ),
    may: async ({ verb, group, resource, namespace }) => {
      const review = await access.createSelfSubjectAccessReview({
        body: { spec: { resourceAttributes: { verb, group, resource, namespace } } },
      });
      return review.status?.allowed === true;
    },
    storageClasses: async () => {
      const found = await storage.listStorageClass().catch(nullIfHidden);
      if (found === null) return null;
      return found.items.map(({ metadata }) => ({
        name: metadata?.name ?? '',
        isDefault: metadata?.annotations?.[DEFAULT_CLASS] === 'true',
      }));
    },
  };
}

const DEFAULT_CLASS = 'storageclass.kubernetes.io/is-default-class';

function nullIfHidden(error: unknown): null {
  const { code } = error as { code?: unknown };
  if (code === 404 || code === 403) return null;
  throw error;
}

async function within<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${TIMEOUT_MS} ms`)), TIMEOUT_MS);
  });
  return Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

function firstLine(error: Error): string {
  const { cause } = error;
  const deeper = cause instanceof Error ? ` (${cause.message})` : '';
  return `${error.message.split('\n')[0] ?? ''}${deeper}`;
}
