// The program that makes the keys, against a real cluster with the rights the chart gives it.

import { afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { placeKeys } from '../../server/cluster-keys/place.ts';
import { prefixOf } from '../../server/domains/access/api-key.ts';
import { openGatewayIdentity } from '../../server/platform/crypto/appliance-authority.ts';
import { openKekFile } from '../../server/platform/crypto/kek-file.ts';
import { realWorld } from '../../server/real-world.ts';
import { chartOf } from './chart-versions.ts';
import { type Cluster, connectCluster, makeNamespace, read, removeNamespace } from './cluster.ts';
import type { Rendered } from './helm.ts';
import { grantRights, playMake, type KeysRun } from './keys-program.ts';

let cluster: Cluster;
let run: KeysRun;
let folder: string;

beforeAll(() => {
  cluster = connectCluster();
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-place-'));
  const namespace = await makeNamespace(cluster);
  run = { namespace, name: 'box-sallyport-keys', rights: chartOf() };
  await grantRights(cluster, run);
});

afterEach(async () => {
  rmSync(folder, { recursive: true, force: true });
  await removeNamespace(cluster, run.namespace);
});

const secret = (name = run.name): Promise<Rendered> =>
  read(cluster, { apiVersion: 'v1', kind: 'Secret', namespace: run.namespace, name });

describe('making the keys', () => {
  test('makes them once: a second run keeps what is there', async () => {
    expect(await playMake(cluster, run)).toMatchObject({ status: 0, errors: '' });
    const first = await secret();
    expect(await playMake(cluster, run)).toMatchObject({
      status: 0,
      output: expect.stringContaining('stays as it is'),
    });
    expect(await secret()).toEqual(first);
  });

  test('several jobs at once agree on one set', async () => {
    const answers = await Promise.all([1, 2, 3].map(() => playMake(cluster, run)));
    expect(answers.map(({ status, errors }) => [status, errors])).toEqual([
      [0, ''],
      [0, ''],
      [0, ''],
    ]);
    expect(answers.filter(({ output }) => output.includes('was made')).length).toBe(1);
  });

  test('an upgrade that misses them fails and says what to do', async () => {
    const answer = await playMake(cluster, { ...run, more: ['--must-exist'] });
    expect(answer.status).toBe(1);
    expect(answer.errors).toContain(
      'New keys could not open what is stored: restore it from its copy',
    );
    expect(await secret()).toBeNull();
  });

  test('a Secret that lacks one of them is not used', async () => {
    const { namespace, name } = run;
    await cluster.core.createNamespacedSecret({
      namespace,
      body: { metadata: { name }, stringData: { 'keys.json': '{}' } },
    });
    const answer = await playMake(cluster, run);
    expect(answer.status).toBe(1);
    expect(answer.errors).toContain('found none called authority.pem, bootstrap-api-key');
  });

  test('the job may make no Secret of another name and read none', async () => {
    const answer = await playMake(cluster, { ...run, name: 'another' });
    expect(answer.status).toBe(1);
    expect(answer.errors).toContain('403');
    expect(await secret('another')).toBeNull();
  });

  test('what was made opens: root keys, authority, API key, after placing', async () => {
    await playMake(cluster, run);
    const [from, keys, gateway] = ['from', 'keys', 'gateway'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const each of [from, keys, gateway]) mkdirSync(each);
    for (const [name, value] of Object.entries((await secret()).data as Record<string, string>)) {
      writeFileSync(join(from, name), Buffer.from(value, 'base64'));
      // As a mounted Secret is: opened to the pod's group.
      chmodSync(join(from, name), 0o440);
    }
    placeKeys({ from, keys, gateway });
    const kek = openKekFile(join(keys, 'keys.json'), realWorld());
    expect(await kek.health()).toEqual({ ok: true, detail: 'file, 1 root key(s)' });
    const identity = openGatewayIdentity(realWorld(), {
      folder: gateway,
      publicNames: ['door.example.com'],
    });
    expect(readFileSync(join(from, 'authority.pem'), 'utf8')).toContain(identity.anchorPem.trim());
    expect(prefixOf(readFileSync(join(keys, 'bootstrap-api-key'), 'utf8'))).toMatch(/^sp_live_/);
    expect(statSync(join(keys, 'keys.json')).mode & 0o777).toBe(0o600);
  });
});
