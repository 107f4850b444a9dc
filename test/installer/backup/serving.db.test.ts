// The whole of it by the command line: an appliance that has told the story is backed up while it serves and
// restored into an empty box, whose ledger then equals the provider's and which serves under the same keys.

import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runStory } from '../../../installer/story/run-story.ts';
import { verifyLedgers } from '../../../scripts/verify-ledger/verify.ts';
import type { DatabaseSettings } from '../../../server/platform/database/connect.ts';
import { openTestDatabase, type TestDatabase } from '../../support/database.ts';
import {
  ROOT,
  serverEnvironment,
  spawnAppliance,
  type SpawnedAppliance,
  spawnServer,
} from '../../support/spawn-appliance.ts';
import { authorise, saveCard, stripeFor } from '../../support/stripe-twin.ts';

const KEY_OF_THE_APPLIANCE = 'sk_test_appliance';

let from: TestDatabase;
let to: TestDatabase;
let appliance: SpawnedAppliance;
const folder = mkdtempSync(join(tmpdir(), 'sallyport-backups-'));
const [identity, backup, passphrase] = ['key.txt', 'box.age', 'none.txt'].map((name) =>
  join(folder, name),
) as [string, string, string];
const newData = join(folder, 'new-box');

beforeAll(async () => {
  from = await openTestDatabase();
  to = await openTestDatabase({ migrated: false });
  appliance = await spawnAppliance({ database: from.settings, population: 200 });
}, 120_000);

afterAll(async () => {
  await appliance?.stop();
  await from?.close();
  await to?.close();
});

interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

function sallyport(args: readonly string[], env: Record<string, string> = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(ROOT, 'installer/main.ts'), ...args], {
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ended: Ended = { code: null, stdout: '', stderr: '' };
    child.stdout.on('data', (chunk: Buffer) => (ended.stdout += chunk.toString('latin1')));
    child.stderr.on('data', (chunk: Buffer) => (ended.stderr += chunk.toString()));
    child.once('close', (code) => resolve({ ...ended, code }));
  });
}

function environment(database: DatabaseSettings, dataDir: string): Record<string, string> {
  const { stripe, veriff } = appliance;
  return {
    ...serverEnvironment(database, { dataDir, stripe, veriff }),
    ...(database.kind === 'postgres'
      ? { SALLYPORT_DATABASE_POSTGRES_OWNER_PASSWORD: database.owner.password }
      : {}),
  };
}

const here = (): Record<string, string> => environment(from.settings, appliance.dataDir);
const there = (): Record<string, string> => environment(to.settings, newData);

async function verifyRestored(): ReturnType<typeof verifyLedgers> {
  const { settings } = to;
  if (settings.kind === 'sqlite') {
    return verifyLedgers({ kind: 'sqlite', file: settings.file }, appliance.stripe.database);
  }
  const [row] = await to.databases.engine.query<{ id: string }>('select id from organization');
  const { host, port, app, database: name } = settings;
  const login = { user: app.user, password: app.password, organization: row?.id ?? '' };
  return verifyLedgers({ kind: 'postgres', host, port, name, ...login }, appliance.stripe.database);
}

test('a box that told the story is backed up while it serves, by three commands', async () => {
  const told: string[] = [];
  if (!(await runStory(appliance.environment, ROOT, (line) => told.push(line))))
    throw new Error(told.join('\n'));
  const made = await sallyport(['backup', 'keygen', '--identity', identity]);
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^age1[a-z0-9]+\n$/) });
  expect(statSync(identity).mode & 0o777).toBe(0o600);
  const args = ['backup', '--recipient', made.stdout.trim(), '--out', backup, '--json'];
  const taken = await sallyport(args, here());
  expect(taken).toMatchObject({ code: 0, stderr: '' });
  const events = taken.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(events.at(-1)).toMatchObject({ event: 'done', out: backup });
  expect(events).toContainEqual(expect.objectContaining({ event: 'file', part: 'keys' }));
  expect(events).toContainEqual(expect.objectContaining({ event: 'file', part: 'authority' }));
  expect(existsSync(`${backup}.partial`)).toBe(false);
  // No word of the keys, the people or the API key is readable in it.
  const bytes = readFileSync(backup, 'latin1');
  for (const secret of [appliance.apiKey, 'Ana Example', 'sallyport-keys'])
    expect(bytes).not.toContain(secret);
}, 180_000);

test('wrong orders are refused with the published codes, and touch nothing', async () => {
  const again = await sallyport(['backup', '--recipient', 'age1x', '--out', backup], here());
  expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('expected a new file') });
  const nobody = await sallyport(['backup', '--out', `${backup}.2`], here());
  expect(nobody).toMatchObject({ code: 2, stderr: expect.stringContaining('found neither') });
  const odd = await sallyport(['backup', '--recipient', 'age1x', '--out', `${backup}.2`], here());
  expect(odd).toMatchObject({ code: 2, stderr: expect.stringContaining('--recipient: expected') });
  const none = await sallyport(['restore', '--in', backup, '--identity', passphrase], there());
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('identity file') });
  const full = await sallyport(['restore', '--in', backup, '--identity', identity], here());
  expect(full).toMatchObject({ code: 3, stderr: expect.stringContaining('Expected an empty box') });
  expect([existsSync(`${backup}.2`), existsSync(newData)]).toEqual([false, false]);
});

test('restored into an empty box, its ledger equals the provider’s', async () => {
  const args = ['restore', '--in', backup, '--identity', identity, '--json'];
  const done = await sallyport(args, there());
  expect(done).toMatchObject({ code: 0, stderr: '' });
  const { equal, lines } = await verifyRestored();
  expect([equal, lines.at(-1)]).toEqual([true, 'ledger = provider ledger']);
});

test('and the box serves: the same API key, the same people, the same identity for terminals', async () => {
  await appliance.server.stop();
  const server = await spawnServer(there());
  try {
    const headers = { authorization: `Bearer ${appliance.apiKey}` };
    const answer = await fetch(`${server.api}/v1/people?limit=200`, { headers });
    const { data } = (await answer.json()) as { data: { display_name: string }[] };
    expect(data).toHaveLength(200);
    expect((await fetch(`${server.api}/readyz`)).status).toBe(200);
  } finally {
    await server.stop();
  }
  const [old, restored] = [appliance.dataDir, newData].map((dataDir) =>
    readFileSync(join(dataDir, 'gateway/authority.pem'), 'utf8'),
  );
  expect(restored).toBe(old);
});

test('a payment the provider took after the backup is named by the verifier, never hidden', async () => {
  const stripe = stripeFor(appliance.stripe, { secretKey: KEY_OF_THE_APPLIANCE });
  await authorise(stripe, await saveCard(stripe));
  const { equal, lines } = await verifyRestored();
  expect(equal).toBe(false);
  expect(lines.join('\n')).toMatch(/DIFFERENCE authorise op_1.*nothing/s);
});
