// The pods of a Helm release, asked of the cluster. The client is large, so this file is loaded only when
// somebody asks.

import { CoreV1Api, KubeConfig, type V1Pod } from '@kubernetes/client-node';
import type { FoundPod, ReleaseInCluster } from './host.ts';

export async function listPods({
  name,
  namespace,
  context,
}: ReleaseInCluster): Promise<readonly FoundPod[]> {
  const config = new KubeConfig();
  config.loadFromDefault();
  if (context !== null) config.setCurrentContext(context);
  const { items } = await config.makeApiClient(CoreV1Api).listNamespacedPod({
    namespace,
    labelSelector: `app.kubernetes.io/instance=${name}`,
  });
  return items.filter(isServer).map(podOf);
}

/** Pods of jobs end; they are not what serves. */
function isServer({ metadata }: V1Pod): boolean {
  return !(metadata?.ownerReferences ?? []).some(({ kind }) => kind === 'Job');
}

function podOf({ metadata, status }: V1Pod): FoundPod {
  const condition = (status?.conditions ?? []).find(({ type }) => type === 'Ready');
  return {
    name: metadata?.name ?? '?',
    ready: condition?.status === 'True',
    why: condition?.message ?? status?.phase ?? 'unknown',
  };
}
