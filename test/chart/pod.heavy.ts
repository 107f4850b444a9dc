// The pod as helm renders it, really run (podman kube play) with the image of this checkout, the world outside on
// the same machine, and the whole story told against it. Needs helm, podman and the image (IMAGE).

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { runStory } from '../../installer/story/run-story.ts';
import { makeKeyFiles } from '../../server/cluster-keys/key-files.ts';
import { realWorld } from '../../server/real-world.ts';
import { ROOT } from '../support/spawn-appliance.ts';
import { spawnTwin, type Twin } from '../support/spawn-twin.ts';
import { until } from '../support/until.ts';
import { chartOf } from './chart-versions.ts';
import { freePorts } from './free-ports.ts';
import { pick, render, type Rendered, serverPod } from './helm.ts';

const IMAGE = process.env['IMAGE'] ?? `localhost/sallyport:${chartOf().version}`;
const POD = `sallyport-chart-${process.pid}`;
const KEYS = `${POD}-keys`;
const PROVIDERS = `${POD}-providers`;
const SECRETS = {
  'providers.stripe.secret_key': 'sk_test_pod',
  'providers.stripe.webhook_secrets': 'whsec_pod',
  'providers.veriff.api_key': 'veriff-api-key',
  'providers.veriff.shared_secret': 'veriff-shared-secret',
};

let folder: string;
let manifest: string;
let stripe: Twin;
let veriff: Twin;
let api: string;
let keys: Record<string, string>;
let before: readonly string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-pod-'));
  stripe = await spawnTwin('stripe', { 'secret-key': SECRETS['providers.stripe.secret_key'] });
  veriff = await spawnTwin('veriff', {
    'api-key': SECRETS['providers.veriff.api_key'],
    'shared-secret': SECRETS['providers.veriff.shared_secret'],
  });
  const [port = 0, gatewayPort = 0] = await freePorts(2);
  api = `http://127.0.0.1:${port}`;
  keys = makeKeyFiles(realWorld(), 'test');
  writeSecret(KEYS, keys);
  writeSecret(PROVIDERS, SECRETS);
  manifest = join(folder, 'pod.yaml');
  writeFileSync(manifest, manifestOf(port, gatewayPort));
  before = looseVolumes();
  podman('kube', 'play', '--network', 'host', manifest);
  await until(
    `${api}/readyz`,
    async () => (await fetch(`${api}/readyz`).catch(() => null))?.ok === true,
    60_000,
  );
}, 180_000);

afterAll(async () => {
  podman('kube', 'down', manifest);
  // Of the claim, of the ConfigMap, and what the image's VOLUME gave the init container.
  const made = looseVolumes().filter((name) => !before.includes(name));
  podman('volume', 'rm', '--force', `${POD}-data`, 'box-sallyport', ...made);
  await Promise.all([stripe.stop(), veriff.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

describe('the rendered pod', () => {
  test('runs behind every wall it asks for', () => {
    const container = `${POD}-server`;
    const status = podman('exec', container, 'cat', '/proc/1/status');
    expect(status).toMatch(/^Uid:\s+10001/m);
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    expect(status).toMatch(/^NoNewPrivs:\s+1$/m);
    for (const file of ['/opt/sallyport/x', '/run/sallyport/keys/keys.json']) {
      const written = spawnSync('podman', ['exec', container, 'sh', '-c', `echo x >${file}`], {
        encoding: 'utf8',
      });
      expect(written.status).not.toBe(0);
      expect(written.stderr).toMatch(/[Rr]ead-only file system/);
    }
  });

  test('has its keys readable by itself alone', () => {
    const found = podman(
      'exec',
      `${POD}-server`,
      'stat',
      '-c',
      '%u %a',
      '/run/sallyport/keys/keys.json',
    );
    expect(found.trim()).toBe('10001 600');
  });

  test('answers its probes and says which release it is', async () => {
    for (const page of ['startupz', 'livez', 'readyz']) {
      expect((await fetch(`${api}/${page}`)).status).toBe(200);
    }
    expect(await (await fetch(`${api}/version`)).json()).toMatchObject({
      version: chartOf().version,
    });
  });

  test('tells the story to its end', async () => {
    const apiKeyFile = join(folder, 'api-key');
    writeFileSync(apiKeyFile, keys['bootstrap-api-key'] ?? '', { mode: 0o600 });
    await connectWebhooks();
    const lines: string[] = [];
    const data = podman('volume', 'inspect', '--format', '{{.Mountpoint}}', `${POD}-data`).trim();
    const told = await runStory(
      {
        api,
        apiKeyFile,
        workDir: join(folder, 'story'),
        twins: { stripe: addressOf(stripe), veriff: addressOf(veriff) },
        database: { kind: 'sqlite', file: join(data, 'sallyport.db') },
        population: 1_000,
      },
      ROOT,
      (line) => lines.push(line),
    );
    if (!told) throw new Error(`${lines.join('\n')}\n${podman('logs', `${POD}-server`)}`);
    expect(lines.join('\n')).toContain('ledger = provider ledger');
  }, 300_000);
});

/** What podman needs of what helm renders: configuration, claim, and a Pod where the chart has a workload. */
function manifestOf(port: number, gatewayPort: number): string {
  const [registry, repository, tag] = [...splitImage(IMAGE)];
  const provider = (url: string): object => ({
    enabled: true,
    base_url: url,
    ingress: 'webhook',
    timeout_ms: 3_000,
    connect_timeout_ms: 1_000,
  });
  const objects = render({
    image: { registry, repository, tag, pullPolicy: 'Never' },
    persistence: { existingClaim: `${POD}-data` },
    keys: { existingSecret: KEYS },
    config: {
      profile: 'evaluation',
      http: { host: '127.0.0.1', port, public_url: api },
      gateway: { host: '127.0.0.1', port: gatewayPort },
      providers: { stripe: provider(stripe.api), veriff: provider(veriff.api) },
    },
    secrets: {
      existingSecret: PROVIDERS,
      settings: Object.fromEntries(Object.keys(SECRETS).map((path) => [path, {}])),
    },
  });
  const claim = {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: `${POD}-data` },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
  return [pick(objects, 'ConfigMap', 'box-sallyport'), claim, forPodman(serverPod(objects))]
    .map((part) => stringify(part))
    .join('---\n');
}

/**
 * The pod as it was rendered, but for what podman 4.3 cannot do: Secrets are folders (it mounts them undecoded),
 * ports are not published (the network is the host's) and probes are asked by the test (it would ask by a curl
 * inside the image).
 */
function forPodman({ metadata, spec }: Rendered): Rendered {
  for (const volume of spec.volumes) {
    if (volume.secret === undefined) continue;
    volume.hostPath = { path: join(folder, volume.secret.secretName), type: 'Directory' };
    delete volume.secret;
  }
  for (const container of spec.containers) {
    for (const name of ['ports', 'startupProbe', 'livenessProbe', 'readinessProbe']) {
      expect(container[name]).toBeDefined();
      delete container[name];
    }
  }
  // Or podman starts the init container again and again.
  spec.restartPolicy = 'Never';
  return { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, name: POD }, spec };
}

/** As a mounted Secret is: root's, and readable by more than the server would like. */
function writeSecret(name: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(folder, name));
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(join(folder, name, file), text, { mode: 0o644 });
  }
}

function* splitImage(image: string): Generator<string> {
  const [, registry = '', repository = '', tag = ''] =
    /^(?:(.+)\/)?([^/:]+):([^/:]+)$/.exec(image) ?? [];
  yield* [registry, repository, tag];
}

async function connectWebhooks(): Promise<void> {
  const answer = await fetch(`${api}/v1/provider-accounts`, {
    headers: { authorization: `Bearer ${keys['bootstrap-api-key']}` },
  });
  const page = (await answer.json()) as { data: { id: string; provider: string }[] };
  for (const { id, provider } of page.data) {
    const [twin, secret] =
      provider === 'stripe'
        ? [stripe, SECRETS['providers.stripe.webhook_secrets']]
        : [veriff, SECRETS['providers.veriff.shared_secret']];
    await twin.ask('PUT', '/webhook', { url: `${api}/v1/ingress/${id}`, secret });
  }
}

function addressOf({ api: url, control, database }: Twin): {
  api: string;
  control: string;
  database: string;
} {
  return { api: url, control, database };
}

/** Volumes without a name of their own that no container holds. */
function looseVolumes(): string[] {
  const all = podman('volume', 'ls', '--quiet', '--filter', 'dangling=true').split('\n');
  return all.filter((name) => /^[0-9a-f]{64}$/.test(name));
}

function podman(...words: readonly string[]): string {
  const ran = spawnSync('podman', words, { encoding: 'utf8' });
  if (ran.error !== undefined)
    throw new Error(`podman: expected it on the PATH, found ${ran.error.message}`);
  if (ran.status !== 0) throw new Error(`podman ${words.join(' ')}: ${ran.stderr}`);
  return ran.stdout;
}
