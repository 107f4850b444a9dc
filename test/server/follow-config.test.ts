// A served appliance whose files of configuration change under it.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type SpawnedServer, spawnServer } from '../support/spawn-appliance.ts';
import { until } from '../support/until.ts';
import {
  type ConfigDetail,
  configOf,
  metricOf,
  newFolder,
  replaceFile,
  type Settings,
  yamlOf,
} from './config-file.ts';

const BASE: Settings = {
  'http.port': 0,
  'gateway.port': 0,
  'http.public_url': 'http://127.0.0.1:1',
  'providers.stripe.enabled': true,
  'providers.stripe.base_url': 'http://127.0.0.1:1',
  'providers.stripe.secret_key': 'sk_test_live',
  'providers.stripe.webhook_secrets': ['whsec_old'],
};

let folder: string;
let file: string;
let server: SpawnedServer | null = null;

beforeEach(() => {
  folder = newFolder();
  mkdirSync(join(folder, 'config'));
  file = join(folder, 'config/server.yaml');
});
afterEach(async () => {
  await server?.kill();
  server = null;
  rmSync(folder, { recursive: true, force: true });
});

const write = (changes: Settings = {}): void => replaceFile(file, yamlOf({ ...BASE, ...changes }));

async function serve(): Promise<SpawnedServer> {
  server = await spawnServer({
    SALLYPORT_CONFIG: file,
    SALLYPORT_DATA_DIR: join(folder, 'data'),
  });
  return server;
}

const whenConfig = (
  { api }: SpawnedServer,
  what: string,
  holds: (config: ConfigDetail) => boolean,
): Promise<ConfigDetail> =>
  until(what, async () => {
    const config = await configOf(api);
    return holds(config) ? config : null;
  });

const sizeLimitOf = async ({ api }: SpawnedServer): Promise<number> => {
  const sizes = [1_500, 3_000, 6_000];
  for (const size of sizes) {
    const body = JSON.stringify('x'.repeat(size));
    const headers = { ...authorized(), 'content-type': 'application/json' };
    const { status } = await fetch(`${api}/v1/nodes`, { method: 'POST', headers, body });
    if (status === 413) return size;
  }
  return Number.POSITIVE_INFINITY;
};

/** Makes so many sites and returns how many nodes a page has when the request does not say. */
async function pageOfSites({ api }: SpawnedServer, count: number): Promise<number> {
  const ask = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const headers = { ...authorized(), 'content-type': 'application/json' };
    const more = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    return (await fetch(`${api}${path}`, { headers, ...more })).json() as never;
  };
  const [parent] = (await ask('/v1/whoami'))['node_ids'] as string[];
  for (let number = 1; number < count; number += 1) {
    await ask('/v1/nodes', { parent_id: parent, kind: 'site', name: `Site ${number}` });
  }
  return ((await ask('/v1/nodes'))['data'] as unknown[]).length;
}

function authorized(): Record<string, string> {
  const key = readFileSync(join(folder, 'data/bootstrap-api-key'), 'utf8').trim();
  return { authorization: `Bearer ${key}`, 'idempotency-key': randomUUID() };
}

describe('a file that is changed', () => {
  test('takes effect without a signal, and the server says since when', async () => {
    write({ 'http.body_limit_bytes': 4_096 });
    const served = await serve();
    expect(await sizeLimitOf(served)).toBe(6_000);
    const before = await configOf(served.api);
    expect(before).toMatchObject({ generation: 1, restart_needed: [] });
    write({ 'http.body_limit_bytes': 2_048 });
    const after = await whenConfig(served, 'the change', ({ generation }) => generation === 2);
    expect(await sizeLimitOf(served)).toBe(3_000);
    expect(after.digest).not.toBe(before.digest);
    expect(after.last_reload).toMatchObject({ ok: true, problems: [] });
    expect(Date.parse(after.loaded_at)).toBeGreaterThan(Date.parse(before.loaded_at));
    expect(await metricOf(served.api, 'sallyport_config_generation')).toBe(2);
    expect(served.log()).toContain('"changed":["http.body_limit_bytes"]');
  });

  test('and is wrong leaves the last good one in force, ready, with the line named; mended, it counts', async () => {
    write({ 'http.body_limit_bytes': 4_096 });
    const served = await serve();
    const lastSuccess = await metricOf(served.api, 'sallyport_config_last_success_seconds');
    write({ 'http.body_limit_bytes': 2_048, 'http.request_timeout_ms': 'soon' });
    const wrong = await whenConfig(served, 'the refusal', ({ last_reload: { ok } }) => !ok);
    const line =
      1 +
      yamlOf({ ...BASE, 'http.body_limit_bytes': 2_048, 'http.request_timeout_ms': 'soon' })
        .split('\n')
        .findIndex((each) => each.includes('request_timeout_ms'));
    expect(wrong.generation).toBe(1);
    expect(wrong.last_reload.problems).toEqual([
      `${file}:${line}:23 http.request_timeout_ms: expected an integer of milliseconds from 100 to 600000, found the text "soon"`,
    ]);
    expect(await sizeLimitOf(served)).toBe(6_000);
    expect(await metricOf(served.api, 'sallyport_config_last_reload_success')).toBe(0);
    expect(await metricOf(served.api, 'sallyport_config_last_success_seconds')).toBeLessThan(
      Date.parse(wrong.last_reload.at) / 1_000,
    );
    expect(served.log()).toContain('the configuration is wrong; the one in force stays');
    write({ 'http.body_limit_bytes': 2_048 });
    const mended = await whenConfig(served, 'the mended file', ({ last_reload: { ok } }) => ok);
    expect(mended.generation).toBe(2);
    expect(await sizeLimitOf(served)).toBe(3_000);
    expect(await metricOf(served.api, 'sallyport_config_last_reload_success')).toBe(1);
    expect(await metricOf(served.api, 'sallyport_config_last_success_seconds')).toBeGreaterThan(
      lastSuccess,
    );
  });

  test('and is gone is a wrong one', async () => {
    write();
    const served = await serve();
    rmSync(file);
    const gone = await whenConfig(served, 'the refusal', ({ last_reload: { ok } }) => !ok);
    expect(gone.last_reload.problems).toEqual([
      `${file}: expected a YAML file of up to 1048576 bytes, found no file at ${file}`,
    ]);
    write({ 'http.body_limit_bytes': 2_048 });
    await whenConfig(served, 'its return', ({ generation }) => generation === 2);
  });

  test('names what waits for a restart, leaves it out and takes the rest', async () => {
    write();
    const served = await serve();
    write({
      'api.page_limit_max': 10,
      'api.page_limit_default': 5,
      'http.body_limit_bytes': 2_048,
    });
    const changed = await whenConfig(served, 'the change', ({ generation }) => generation === 2);
    expect(changed.restart_needed).toEqual(['api.page_limit_default', 'api.page_limit_max']);
    expect(await metricOf(served.api, 'sallyport_config_restart_needed')).toBe(2);
    expect(served.log()).toContain('"settings":["api.page_limit_default","api.page_limit_max"]');
    expect(await sizeLimitOf(served)).toBe(3_000);
    expect(await pageOfSites(served, 8)).toBe(8); // five, if the default of the page had changed
    write({ 'http.body_limit_bytes': 2_048 });
    const back = await whenConfig(served, 'the way back', (now) => now.restart_needed.length === 0);
    expect(back.generation).toBe(2);
  });
});

test('a swapped link of a mounted ConfigMap is a change, and so is that of a Secret', async () => {
  const mount = (name: string, contents: Record<string, string>) => {
    const place = join(folder, name);
    mkdirSync(place, { recursive: true });
    let turn = 0;
    const swap = (files: Record<string, string>): void => {
      const version = join(place, `..v${(turn += 1)}`);
      mkdirSync(version);
      for (const [each, text] of Object.entries(files)) {
        writeFileSync(join(version, each), text, { mode: 0o600 });
      }
      symlinkSync(`..v${turn}`, join(place, '..data_tmp'));
      renameSync(join(place, '..data_tmp'), join(place, '..data'));
      if (turn > 1) rmSync(join(place, `..v${turn - 1}`), { recursive: true });
    };
    swap(contents);
    for (const each of Object.keys(contents)) symlinkSync(`..data/${each}`, join(place, each));
    return swap;
  };
  const secrets = { 'providers.stripe.webhook_secrets': { file: join(folder, 'secrets/webhook') } };
  const text = (changes: Settings): string => yamlOf({ ...BASE, ...secrets, ...changes });
  const swapSecret = mount('secrets', { webhook: 'whsec_old\n' });
  const swapConfig = mount('mounted', { 'server.yaml': text({}) });
  file = join(folder, 'mounted/server.yaml');
  const served = await serve();
  for (const [generation, bytes] of [
    [2, 4_096],
    [3, 2_048],
  ] as const) {
    swapConfig({ 'server.yaml': text({ 'http.body_limit_bytes': bytes }) });
    await whenConfig(served, 'the swap', (now) => now.generation === generation);
    expect(await sizeLimitOf(served)).toBe(bytes === 4_096 ? 6_000 : 3_000);
  }
  swapSecret({ webhook: 'whsec_old\nwhsec_new\n' });
  await whenConfig(served, 'the secret', ({ generation }) => generation === 4);
  expect(await postEvent(served, 'evt_swapped', 'whsec_new')).toBe(200);
  expect(served.log()).not.toContain('whsec_');
});

test('a hundred SIGHUPs in a second end in the last state, one reload at a time', async () => {
  write();
  const served = await serve();
  const limits = Array.from({ length: 100 }, (_, index) => 2_048 + index);
  for (const limit of limits) {
    // Written in place, so that a reader could meet half of it.
    writeFileSync(file, yamlOf({ ...BASE, 'http.body_limit_bytes': limit }));
    process.kill(served.pid, 'SIGHUP');
    await new Promise((resolve) => setTimeout(resolve, 8));
  }
  writeFileSync(file, yamlOf({ ...BASE, 'http.body_limit_bytes': 1_024 }));
  process.kill(served.pid, 'SIGHUP');
  await until('the last state', async () => (await sizeLimitOf(served)) === 1_500);
  const { generation, last_reload: last } = await configOf(served.api);
  expect(last.ok).toBe(true);
  const reloads = served
    .log()
    .split('\n')
    .filter((line) => line.includes('the configuration was reloaded'));
  expect(reloads.length).toBe(generation - 1);
  expect(reloads.length).toBeLessThan(30);
  expect(served.log()).not.toContain('the configuration is wrong');
});

test('a webhook secret is replaced under traffic and no webhook is refused', async () => {
  write();
  const served = await serve();
  const answers: number[] = [];
  let signer = 'whsec_old';
  const sending = new AbortController();
  let sent = 0;
  const traffic = Array.from({ length: 4 }, async () => {
    while (!sending.signal.aborted)
      answers.push(await postEvent(served, `evt_${(sent += 1)}`, signer));
  });
  const rotate = async (secrets: string[], generation: number): Promise<void> => {
    write({ 'providers.stripe.webhook_secrets': secrets });
    await whenConfig(served, secrets.join(), (now) => now.generation === generation);
    const seen = answers.length;
    await until('webhooks under these secrets', () => answers.length > seen + 20);
  };
  await rotate(['whsec_old', 'whsec_new'], 2);
  signer = 'whsec_new';
  const inFlight = answers.length;
  await until('the last of the old signatures', () => answers.length > inFlight + 8);
  await rotate(['whsec_new'], 3);
  sending.abort();
  await Promise.all(traffic);
  expect(answers.filter((status) => status !== 200)).toEqual([]);
  expect(answers.length).toBeGreaterThan(50);
  expect(await postEvent(served, 'evt_late', 'whsec_old')).toBe(401);
});

let ingress: { api: string; path: string } | null = null;

async function postEvent({ api }: SpawnedServer, id: string, secret: string): Promise<number> {
  if (ingress?.api !== api) {
    const page = await fetch(`${api}/v1/provider-accounts`, { headers: authorized() });
    const { data } = (await page.json()) as { data: { webhook_path: string }[] };
    ingress = { api, path: data[0]?.webhook_path ?? '' };
  }
  const body = JSON.stringify({
    id,
    object: 'event',
    type: 'payment_intent.succeeded',
    created: Math.floor(Date.now() / 1_000),
    data: { object: { id: `pi_${id}`, object: 'payment_intent' } },
  });
  const time = Math.floor(Date.now() / 1_000);
  const signature = createHmac('sha256', secret).update(`${time}.${body}`).digest('hex');
  const response = await fetch(`${api}${ingress.path}`, {
    method: 'POST',
    headers: {
      'stripe-signature': `t=${time},v1=${signature}`,
      'content-type': 'application/json',
    },
    body,
  });
  await response.arrayBuffer();
  return response.status;
}
