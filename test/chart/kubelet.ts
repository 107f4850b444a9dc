// Plays the kubelet where nodes are only played (kwok): a pod that was given a node is ready at once, a job's pod
// succeeds at once, a deleted pod is gone at once. On nodes with a real kubelet it does nothing.

import {
  type CoreV1Api,
  PatchStrategy,
  setHeaderOptions,
  type V1Pod,
} from '@kubernetes/client-node';
import type { Cluster } from './cluster.ts';

const LOOK_EVERY_MS = 100;

/** @returns what ends the play. */
export async function playKubelet(
  { core }: Cluster,
  namespace: string,
): Promise<() => Promise<void>> {
  const { items: nodes } = await core.listNode();
  const arePlayed = nodes.every(
    (node) => node.status?.nodeInfo?.kubeletVersion?.startsWith('kwok') ?? false,
  );
  if (!arePlayed) return async () => undefined;
  const end = new AbortController();
  const played = (async () => {
    while (!end.signal.aborted) {
      const { items } = await core.listNamespacedPod({ namespace });
      for (const pod of items) await playPod(core, pod);
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  })();
  return async () => {
    end.abort();
    await played;
  };
}

async function playPod(core: CoreV1Api, { metadata, spec, status }: V1Pod): Promise<void> {
  const { name = '', namespace = '', deletionTimestamp, ownerReferences = [] } = metadata ?? {};
  if (spec?.nodeName === undefined) return;
  const isJobs = ownerReferences.some((owner) => owner.kind === 'Job');
  const wanted = isJobs ? 'Succeeded' : 'Running';
  try {
    if (deletionTimestamp !== undefined) {
      await core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });
    } else if (status?.phase !== wanted && status?.phase !== 'Failed') {
      const body = { status: { phase: wanted, conditions: isJobs ? [] : readyConditions() } };
      const patch = setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch);
      await core.patchNamespacedPodStatus({ name, namespace, body }, patch);
    }
  } catch {
    // Gone or changed in between: the next look sees what is.
  }
}

function readyConditions(): object[] {
  const lastTransitionTime = new Date().toISOString();
  return ['Initialized', 'ContainersReady', 'Ready'].map((type) => ({
    type,
    status: 'True',
    lastTransitionTime,
  }));
}
