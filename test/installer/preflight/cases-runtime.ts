// One machine on which each check of a container engine or a cluster fails, and one on which it passes.

import { join } from 'node:path';
import { realPreflightHost } from '../../../installer/preflight/index.ts';
import type { CheckCases } from './cases-machine.ts';
import { type Case, clusterSaying, commandsSaying, POSTGRES, temporaryHome } from './machine.ts';

const real = realPreflightHost({});
const CONTAINER: Case['target'] & object = {
  runtime: 'container',
  engine: 'podman',
  image: 'sallyport:0.1.0',
};
const HELM: Case['target'] & object = { runtime: 'helm', namespace: 'sallyport' };
const PRESENT = { 'podman image inspect --format {{.Id}}': { stdout: 'sha256:0123456789abcdef' } };
const podman = (answers: Parameters<typeof commandsSaying>[0]): Case => ({
  target: CONTAINER,
  host: { ...commandsSaying({ ...PRESENT, ...answers }), node: { ...real.node, arch: 'x64' } },
});
const cluster = (
  answers: Parameters<typeof clusterSaying>[0],
  more: Pick<Case, 'settings' | 'target'> = {},
): Case => ({
  host: clusterSaying(answers),
  settings: more.settings ?? {},
  target: { ...HELM, ...more.target },
});

const CONTAINER_CASES: Readonly<Record<string, CheckCases>> = {
  'engine-version': {
    passes: () => podman({ 'podman version': { stdout: '4.3.1\n' } }),
    fails: () => podman({ 'podman version': { stdout: '3.4.4\n' } }),
    says: /podman 3\.4\.4/,
  },
  'image-present': {
    passes: () => podman({}),
    fails: () =>
      podman({
        'podman image inspect --format {{.Id}}': { code: 125 },
        'podman images': { stdout: 'localhost/sallyport:0.1.0\nlocalhost/other:1\n' },
      }),
    says: /no image sallyport:0\.1\.0; there is localhost\/sallyport:0\.1\.0$/,
  },
  'image-architecture': {
    passes: () => podman({ 'podman image inspect --format {{.Arch': { stdout: 'amd64\n' } }),
    fails: () => podman({ 'podman image inspect --format {{.Arch': { stdout: 'arm64\n' } }),
    says: /for arm64, the machine is amd64/,
  },
  'engine-runs-read-only': {
    passes: () =>
      podman({ 'podman run --rm --no-healthcheck --read-only': { stdout: 'v24.21.0\n' } }),
    fails: () => podman({ 'podman run': { code: 126, stderr: 'Error: newuidmap: not found\nx' } }),
    says: /^Error: newuidmap: not found$/,
  },
  'image-release': {
    passes: () => podman({ 'podman image inspect --format {{index': { stdout: '0.1.0 unknown' } }),
    fails: () =>
      podman({
        'podman image inspect --format {{index': { stdout: '0.1.0 c0ffee1' },
        git: { stdout: 'badc0de\n' },
      }),
    says: /the image is of commit c0ffee1, this command of badc0de/,
  },
  'image-pinned': {
    passes: () => ({
      target: { ...CONTAINER, image: 'registry.example.com:5000/sallyport:0.1.0' },
    }),
    fails: () => ({ target: { ...CONTAINER, image: 'registry.example.com:5000/sallyport' } }),
    says: /another image tomorrow/,
  },
};

const HELM_CASES: Readonly<Record<string, CheckCases>> = {
  'helm-version': {
    passes: () => ({ target: HELM, host: commandsSaying({ helm: { stdout: 'v3.16.2' } }) }),
    fails: () => ({ target: HELM, host: commandsSaying({ helm: { stdout: 'v3.9.0' } }) }),
    says: /Helm v3\.9\.0/,
  },
  'chart-readable': {
    passes: () => ({ target: { ...HELM, chart: chart('sallyport') } }),
    fails: () => ({ target: { ...HELM, chart: join(chart('sallyport'), 'elsewhere') } }),
    says: /no Chart\.yaml/,
  },
  'cluster-version': {
    passes: () => cluster({}),
    fails: () => cluster({ version: async () => 'v1.24.9' }),
    says: /v1\.24\.9/,
  },
  'cluster-namespace': {
    passes: () =>
      cluster({
        namespaceLabels: async () => null,
        may: async ({ resource }) => resource === 'namespaces',
      }),
    fails: () => cluster({ namespaceLabels: async () => null, may: async () => false }),
    says: /no namespace sallyport/,
  },
  'cluster-permissions': {
    passes: () => cluster({}),
    fails: () => cluster({ may: async ({ resource }) => resource !== 'networkpolicies' }),
    says: /in sallyport we may not create or delete networkpolicies$/,
  },
  'cluster-storage': {
    passes: () => cluster({}),
    fails: () => cluster({}, { target: { storageClass: 'slow' } }),
    says: /no storage class slow; there are: fast/,
  },
  'cluster-replicas': {
    passes: () => cluster({}, { settings: POSTGRES, target: { replicas: 3 } }),
    fails: () => cluster({}, { target: { replicas: 2 } }),
    says: /2 on sqlite/,
  },
  'cluster-pod-security': {
    passes: () => cluster({}),
    fails: () => cluster({ namespaceLabels: async () => ({}) }),
    says: /enforces nothing/,
  },
};

export const RUNTIME_CASES: Readonly<Record<string, CheckCases>> = {
  ...CONTAINER_CASES,
  ...HELM_CASES,
};

function chart(name: string): string {
  return temporaryHome({ 'Chart.yaml': `apiVersion: v2\nname: ${name}\n` });
}
