// Plays the job that makes the keys: the program of the job, run here with the rights that the chart gives to
// the job's account and no others.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ReleaseChart } from './chart-versions.ts';
import { actAs, type Cluster, read } from './cluster.ts';
import { type Answer, helm, pick, type Rendered } from './helm.ts';
import { parseAllDocuments } from 'yaml';

const PROGRAM = join(import.meta.dirname, '..', '..', 'server', 'cluster-keys.ts');

export interface KeysRun {
  namespace: string;
  name: string;
  rights: ReleaseChart;
  more?: readonly string[];
}

export async function makeKeysAs(cluster: Cluster, run: KeysRun): Promise<Answer> {
  await grantRights(cluster, run);
  return playMake(cluster, run);
}

/** Account, Role and binding as the chart has them, laid down by hand: helm takes them away after the job. */
export async function grantRights(cluster: Cluster, { namespace, rights }: KeysRun): Promise<void> {
  const shown = helm(
    'template',
    'box',
    rights.path,
    '--namespace',
    namespace,
    '--kube-version',
    '1.30.0',
  );
  if (shown.status !== 0) throw new Error(shown.errors);
  const objects: Rendered[] = parseAllDocuments(shown.output).map((each) => each.toJS());
  for (const [kind, name] of [
    ['ServiceAccount', 'box-sallyport-jobs'],
    ['Role', 'box-sallyport-make-keys'],
    ['RoleBinding', 'box-sallyport-make-keys'],
  ] as const) {
    const object = pick(
      objects.filter((each) => each !== null),
      kind,
      name,
    );
    const there = await read(cluster, { apiVersion: object.apiVersion, kind, namespace, name });
    if (there === null) await cluster.objects.create(object);
  }
}

export async function playMake(cluster: Cluster, run: KeysRun): Promise<Answer> {
  const { namespace, name, more = [] } = run;
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-account-'));
  const file = join(folder, 'kubeconfig');
  try {
    await actAs(cluster, { namespace, account: 'box-sallyport-jobs', file });
    const words = [
      '--namespace',
      namespace,
      '--secret',
      name,
      '--instance',
      'box',
      '--environment',
      'live',
    ];
    return await play(['make', ...words, ...more], file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function play(words: readonly string[], kubeconfig: string): Promise<Answer> {
  const child = spawn(process.execPath, [PROGRAM, ...words], {
    env: { ...process.env, KUBECONFIG: kubeconfig, NODE_OPTIONS: '' },
  });
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve) => {
    child.on('close', (code) => resolve({ status: code ?? -1, output, errors }));
  });
}
