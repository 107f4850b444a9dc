// Every supported shape of the chart (helm/sallyport/ci): linted, checked against the schemas of a cluster and
// shown to it. Needs helm, kubeconform and KUBECONFIG.

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import {
  type Cluster,
  connectCluster,
  makeNamespace,
  objection,
  removeNamespace,
} from './cluster.ts';
import { CHART, helm, render, type Rendered, template } from './helm.ts';
import { schemaLocation, writeSchemas } from './kube-schemas.ts';

const SHAPES = readdirSync(join(CHART, 'ci'));
/** Kinds of operators that a bare cluster does not know. */
const FOREIGN = ['Route', 'ServiceMonitor'];

let cluster: Cluster;
let namespace: string;
let schemas: string;

beforeAll(async () => {
  cluster = connectCluster();
  namespace = await makeNamespace(cluster);
  schemas = mkdtempSync(join(tmpdir(), 'sallyport-schemas-'));
  await writeSchemas(cluster, schemas);
});

afterAll(async () => {
  await removeNamespace(cluster, namespace);
  rmSync(schemas, { recursive: true, force: true });
});

const valuesOf = (shape: string): object =>
  parse(readFileSync(join(CHART, 'ci', shape), 'utf8')) as object;

describe.each(SHAPES)('%s', (shape) => {
  test('is linted without a warning', () => {
    const { status, output } = helm(
      'lint',
      '--strict',
      CHART,
      '--values',
      join(CHART, 'ci', shape),
    );
    expect({ status, complaints: output.match(/\[(WARNING|ERROR)\].*/g) }).toEqual({
      status: 0,
      complaints: null,
    });
  });

  test('has no field that Kubernetes does not know', () => {
    expect(conform(template(valuesOf(shape)).output)).toEqual({ status: 0, complaints: [] });
  });

  test('is taken by the cluster, every object of it', async () => {
    const ours = render(valuesOf(shape)).filter((each) => !FOREIGN.includes(each.kind));
    expect(ours.length).toBeGreaterThan(5);
    for (const object of ours) {
      object.metadata.namespace = namespace;
      expect([object.kind, await objection(cluster, object)]).toEqual([object.kind, null]);
    }
  });

  test('has only pods that the level restricted lets in', async () => {
    for (const pod of podsOf(render(valuesOf(shape)))) {
      expect([pod.metadata.name, await objection(cluster, pod)]).toEqual([pod.metadata.name, null]);
    }
  });
});

describe('these checks', () => {
  test('kubeconform finds a field that does not exist', () => {
    const wrong = template({}).output.replaceAll(
      'automountServiceAccountToken: false',
      'automountToken: false',
    );
    expect(conform(wrong).complaints.join()).toContain('automountToken');
  });

  test('the cluster finds it too, and refuses a pod that may become root', async () => {
    const [pod] = podsOf(render());
    expect(
      await objection(cluster, { ...pod, spec: { ...pod.spec, automountToken: false } }),
    ).toContain('unknown field');
    const { runAsNonRoot: _, ...rest } = pod.spec.securityContext;
    expect(
      await objection(cluster, { ...pod, spec: { ...pod.spec, securityContext: rest } }),
    ).toContain('runAsNonRoot');
  });
});

function podsOf(objects: readonly Rendered[]): Rendered[] {
  return objects.flatMap(({ kind, metadata, spec }) => {
    if (spec?.template === undefined) return [];
    // The account may be made by somebody else; admission asks for it, and every namespace has this one.
    const pod = { ...spec.template.spec, serviceAccountName: 'default' };
    return [
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: `${kind.toLowerCase()}-${metadata.name}`, namespace },
        spec: pod,
      },
    ];
  });
}

function conform(manifests: string): { status: number | null; complaints: string[] } {
  const words = [
    '-strict',
    '-skip',
    FOREIGN.join(','),
    '-schema-location',
    schemaLocation(schemas),
  ];
  const ran = spawnSync('kubeconform', words, { input: manifests, encoding: 'utf8' });
  if (ran.error !== undefined) {
    throw new Error(`kubeconform: expected it on the PATH, found ${ran.error.message}`);
  }
  return { status: ran.status, complaints: ran.stdout.split('\n').filter((line) => line !== '') };
}
