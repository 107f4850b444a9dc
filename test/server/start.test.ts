// A start that cannot succeed ends: the message names the setting, and no half of an appliance lives on.

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../support/spawn-appliance.ts';
import { until } from '../support/until.ts';

let folder: string;
let taken: Server;
let port: number;
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-start-'));
  taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  port = (taken.address() as AddressInfo).port;
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  taken.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Started {
  child: ChildProcess;
  ended: Promise<{ code: number | null; signal: string | null }>;
  text(): string;
}

function start(
  env: Record<string, string>,
  argv: string[] = ['server/main.ts'],
  as: { uid: number; gid: number } | object = {},
): Started {
  const child = spawn(process.execPath, argv, {
    cwd: ROOT,
    ...as,
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      SALLYPORT_PROFILE: 'evaluation',
      SALLYPORT_DATA_DIR: folder,
      SALLYPORT_HTTP_PORT: '0',
      SALLYPORT_GATEWAY_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => void (text += chunk.toString()));
  }
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  return { child, ended, text: () => text };
}

describe('a start that cannot succeed', () => {
  test.each(['http', 'gateway'])('for the port of %s is taken ends, and says so', async (which) => {
    const refused = start({ [`SALLYPORT_${which.toUpperCase()}_PORT`]: String(port) });
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.text()).toContain(
      `Sallyport did not start: ${which}.port: expected a free port, found ${port} in use on 127.0.0.1.`,
    );
  });

  test('for nothing listens at the database’s address names that address', async () => {
    taken.close();
    const refused = start({
      SALLYPORT_DATABASE_KIND: 'postgres',
      SALLYPORT_DATABASE_POSTGRES_HOST: '127.0.0.1',
      SALLYPORT_DATABASE_POSTGRES_PORT: String(port),
      SALLYPORT_DATABASE_POSTGRES_APP_PASSWORD: 'app',
      SALLYPORT_DATABASE_POSTGRES_ENGINE_PASSWORD: 'engine',
      SALLYPORT_DATABASE_POSTGRES_TLS_MODE: 'disable',
    });
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.text()).toContain(
      `database.postgres.host: expected a Postgres at 127.0.0.1:${port}, found connect ECONNREFUSED`,
    );
  });

  test('for a file lies where the data folder should be names it', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const refused = start({ SALLYPORT_DATA_DIR: file });
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.text()).toContain(
      `Sallyport did not start: data_dir: expected a folder, found a file at ${file}.`,
    );
  });

  test('for a folder lies where the database should be names it', async () => {
    const file = join(folder, 'sallyport.db');
    mkdirSync(file);
    const refused = start({ SALLYPORT_DATABASE_SQLITE_FILE: file });
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.text()).toMatch(
      /database\.sqlite\.file: expected a file that user \d+ may write, .*found no file but a folder \(/,
    );
    expect(refused.text()).toContain(`(${file}).`);
  });

  test('for the data folder is not writable says whose it is', async () => {
    // Root may write anywhere, so it becomes somebody else for the start.
    const isRoot = process.getuid?.() === 0;
    chmodSync(folder, isRoot ? 0o755 : 0o500);
    const refused = start({}, ['server/main.ts'], isRoot ? { uid: 65_534, gid: 65_534 } : {});
    expect(await refused.ended).toEqual({ code: 1, signal: null });
    expect(refused.text()).toMatch(
      /database\.sqlite\.file: expected a file that user \d+ may write, in a folder it may write too, found the folder of user \d+, group \d+, mode 0[57][05][05], without permission \(/,
    );
    expect(refused.text()).toContain(folder);
    chmodSync(folder, 0o700);
  });

  test('for another process serves the same database names that process', async () => {
    const first = start({});
    await until('the first', () => first.text().includes('"ready":true'));
    const second = start({});
    expect(await second.ended).toEqual({ code: 1, signal: null });
    expect(second.text()).toContain(`served by process ${first.child.pid}.`);
    first.child.kill('SIGTERM');
    expect(await first.ended).toEqual({ code: 0, signal: null });
  });
});

test('a signal during the start lets it finish and then ends it in order', async () => {
  const started = start({});
  await until('the middle of the start', () => started.text().includes('was created'));
  started.child.kill('SIGTERM');
  expect(await started.ended).toEqual({ code: 0, signal: null });
  expect(started.text()).toContain('"msg":"stopping"');
  expect(started.text()).not.toMatch(/not open|closing failed|did not start/);
});

test.each(['gateway', 'worker'])(
  'the role %s answers probes and scrapes, not the API',
  async (role) => {
    const started = start({}, ['server/main.ts', role]);
    await until('readiness', () => started.text().includes('"ready":true'));
    const line =
      started
        .text()
        .split('\n')
        .find((each) => each.includes('"ready":true')) ?? '';
    const { api, http } = JSON.parse(line) as { api: string | null; http: string };
    expect(api).toBeNull();
    for (const [page, status] of [
      ['/livez', 200],
      ['/readyz', 200],
      ['/startupz', 200],
      ['/metrics', 200],
      ['/v1/whoami', 404],
    ] as const) {
      expect({ page, status: (await fetch(http + page)).status }).toEqual({ page, status });
    }
    started.child.kill('SIGTERM');
    expect(await started.ended).toEqual({ code: 0, signal: null });
  },
);

test('the log of a composed appliance hides what settings, routes and frames mark', async () => {
  const script = `
    const { loadConfig } = await import('./config/load.ts');
    const { compose } = await import('./server/compose.ts');
    const { seamsOf } = await import('./server/seams.ts');
    const { migrateUp } = await import('./server/platform/database/migrate.ts');
    const { MIGRATIONS } = await import('./migrations/index.ts');
    const { databaseSettings } = await import('./server/database-settings.ts');
    const config = loadConfig({});
    await migrateUp(databaseSettings(config), MIGRATIONS);
    const fixed = { current: () => config, onChange: () => undefined, state: () => null };
    const appliance = await compose(fixed, 'all', seamsOf(config));
    appliance.log.info({ code: 'planted', frame: { vector: 'planted' }, webhook_secrets: ['planted'] }, 'shown');
    await appliance.stop();
    process.exit(0);`;
  const started = start({}, ['--input-type=module', '-e', script]);
  expect(await started.ended).toEqual({ code: 0, signal: null });
  expect(started.text()).toContain('"msg":"shown"');
  expect(started.text()).not.toContain('planted');
});
