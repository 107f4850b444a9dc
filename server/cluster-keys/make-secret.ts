// Creates the Secret of keys, once. A server-side apply and not a plain create, because a Role can limit
// only the former to one name; the Secret is immutable from its first moment, so a second apply that comes
// too late is refused by the cluster itself.

import {
  ApiException,
  CoreV1Api,
  KubeConfig,
  PatchStrategy,
  setHeaderOptions,
  type V1Secret,
} from '@kubernetes/client-node';
import type { KeyEnvironment } from '../domains/access/index.ts';
import type { World } from '../shared/world.ts';
import { KEY_FILES, makeKeyFiles } from './key-files.ts';

export interface WantedSecret {
  namespace: string;
  name: string;
  /** The release it is for; a label, so that a person can find it. */
  instance: string;
  environment: KeyEnvironment;
  /** An upgrade: what is missing now was lost, and new keys would not open the data. */
  mustExist: boolean;
}

/** @returns what was done, in words. */
export async function makeKeysSecret(world: World, wanted: WantedSecret): Promise<string> {
  const { namespace, name } = wanted;
  const cluster = new KubeConfig();
  cluster.loadFromDefault();
  const api = cluster.makeApiClient(CoreV1Api);
  const found = await read(api, wanted);
  if (found !== null) return keep(found, wanted);
  if (wanted.mustExist) {
    throw new Error(
      `The Secret ${namespace}/${name} is gone. New keys could not open what is stored: restore it from its ` +
        'copy. If this release has never stored anything, uninstall it and install it again.',
    );
  }
  try {
    await api.patchNamespacedSecret(
      { name, namespace, fieldManager: 'sallyport-keys', body: secretOf(world, wanted) },
      setHeaderOptions('Content-Type', PatchStrategy.ServerSideApply),
    );
    return `The Secret ${namespace}/${name} was made.`;
  } catch (error) {
    // Another job was faster: its keys are the keys.
    const winner = isStatus(error, 409) || isStatus(error, 422) ? await read(api, wanted) : null;
    if (winner === null) throw inWords(error, `creating the Secret ${namespace}/${name}`);
    return keep(winner, wanted);
  }
}

function secretOf(
  world: World,
  { name, namespace, instance, environment }: WantedSecret,
): V1Secret {
  const files = Object.entries(makeKeyFiles(world, environment));
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/name': 'sallyport', 'app.kubernetes.io/instance': instance },
    },
    immutable: true,
    type: 'Opaque',
    data: Object.fromEntries(files.map(([file, text]) => [file, btoa(text)])),
  };
}

async function read(api: CoreV1Api, { namespace, name }: WantedSecret): Promise<V1Secret | null> {
  try {
    return await api.readNamespacedSecret({ namespace, name });
  } catch (error) {
    if (isStatus(error, 404)) return null;
    throw inWords(error, `reading the Secret ${namespace}/${name}`);
  }
}

function keep(found: V1Secret, { namespace, name }: WantedSecret): string {
  const missing = KEY_FILES.filter((file) => found.data?.[file] === undefined);
  if (missing.length > 0) {
    throw new Error(
      `The Secret ${namespace}/${name} exists: expected the keys ${KEY_FILES.join(', ')}, found none called ${missing.join(', ')}.`,
    );
  }
  return `The Secret ${namespace}/${name} exists and stays as it is.`;
}

function isStatus(error: unknown, code: number): boolean {
  return error instanceof ApiException && error.code === code;
}

function inWords(error: unknown, doing: string): Error {
  const said =
    error instanceof ApiException ? `${error.code} ${String(error.body)}` : String(error);
  return new Error(`${doing}: the cluster answered ${said}`, { cause: error });
}
