// Builds the Go client of docs/device-protocol.md and lets it claim, connect, report and ask for payments
// at a whole appliance in processes of its own, provider twins included. Prints one line per promise and
// the sum of them.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import Sqlite from 'better-sqlite3';
import { type ApiClient, createApiClient } from '../../installer/story/api-client.ts';
import { waitFor } from '../../installer/story/narrator.ts';
import { MIGRATIONS } from '../../migrations/index.ts';
import type { DatabaseSettings } from '../../server/platform/database/connect.ts';
import { migrateUp } from '../../server/platform/database/migrate.ts';
import { spawnAppliance } from '../support/spawn-appliance.ts';
import { makePayer } from './payer.ts';

const run = promisify(execFile);
const GO = fileURLToPath(new URL('go', import.meta.url));
const EVENTS = 1_000;
const DIMENSIONS = 512;
/** Two directions that have nothing to do with each other, so that one face is never the other's. */
const PAYER = Array.from({ length: DIMENSIONS }, (_none, at) => Math.sin(at));
const STRANGER = Array.from({ length: DIMENSIONS }, (_none, at) => Math.cos(at * at));

const folder = mkdtempSync(join(tmpdir(), 'sallyport-go-'));
const file = join(folder, 'go.db');
const settings: DatabaseSettings = {
  kind: 'sqlite',
  file,
  synchronous: 'FULL',
  group: { waitMs: 2, callersMax: 50 },
};
let failed = 0;
let passed = 0;

function check(what: string, holds: boolean): void {
  if (holds) passed += 1;
  else failed += 1;
  process.stdout.write(`${holds ? 'ok' : 'FAILED'}  ${what}\n`);
}

interface Said {
  device: string;
  gen: number;
  acked: number;
  answers: { decision: string; reason: string | null; mode: string; payment_id?: string }[];
}

async function main(): Promise<void> {
  const client = join(folder, 'client');
  await run('go', ['build', '-o', client, '.'], { cwd: GO });
  await migrateUp(settings, MIGRATIONS);
  const appliance = await spawnAppliance({ database: settings });
  try {
    const api = createApiClient(appliance.server.api, appliance.apiKey);
    await makePayer(api, { face: PAYER, returnUrl: `${appliance.server.api}/docs` });
    const { device, claim } = await registerTerminal(api);
    const faces = ['--faces', JSON.stringify([STRANGER, PAYER])];
    const { stdout } = await run(client, ['--claim', claim, '--events', String(EVENTS), ...faces]);
    process.stdout.write(stdout);
    const said = JSON.parse(stdout) as Said;
    check('it claimed the place that was registered', said.device === device);
    check('it was welcomed as the first connection', said.gen === 1);
    check('all its events were acknowledged', said.acked === EVENTS);
    checkStored(device);
    await checkAnswers(api, said.answers);
    await checkRefusals(client, claim);
  } finally {
    await appliance.stop();
  }
}

async function registerTerminal(api: ApiClient): Promise<{ device: string; claim: string }> {
  const who = await api.get<{ node_ids: string[] }>('/v1/whoami');
  const place = { parent_id: who.node_ids[0], kind: 'site', name: 'Gate' };
  const site = await api.post<{ id: string }>('/v1/nodes', place);
  const device = await api.post<{ id: string }>('/v1/devices', { node_id: site.id, name: 'Go' });
  const code = await api.post<{ qr_text: string }>(`/v1/devices/${device.id}/claim-codes`);
  return { device: device.id, claim: code.qr_text };
}

function checkStored(device: string): void {
  const db = new Sqlite(file, { readonly: true });
  const row = db
    .prepare(
      `select count(*) as stored, max(seq) as last from device_event
        where device_id = ? and status = 'accepted'`,
    )
    .get(device) as { stored: number; last: number };
  db.close();
  check('and each is stored once', row.stored === EVENTS && row.last === EVENTS);
}

async function checkAnswers(api: ApiClient, answers: Said['answers']): Promise<void> {
  const [stranger, payer] = answers;
  check(
    'the payment of a face that nobody enrolled was refused',
    stranger?.decision === 'refused' && stranger.reason === 'no_match',
  );
  check(
    'the payment of an enrolled one was approved',
    payer?.decision === 'approved' && payer.reason === null && payer.mode === 'online',
  );
  const payment = await waitFor({
    what: 'the capture',
    read: () =>
      api.get<{ status: string; amount: { amount: number } }>(
        `/v1/payments/${payer?.payment_id ?? ''}`,
      ),
    until: ({ status }) => status === 'captured',
  });
  check('and captured at the provider for what was asked', payment.amount.amount === 1_250);
}

async function checkRefusals(client: string, claim: string): Promise<void> {
  const stderrOf = (text: string): Promise<string> =>
    run(client, ['--claim', text]).then(
      () => 'it was not refused',
      (error: { stderr: string }) => error.stderr,
    );
  const again = await stderrOf(claim);
  check('the same code does not take another key', again.includes('4504'));
  const misled = await stderrOf(claim.replace(/S=.*/, `S=${'A'.repeat(43)}`));
  check('it does not speak to a gateway with another pin', misled.includes('x509'));
}

try {
  await main();
} catch (error) {
  check(`it runs to its end: ${String((error as { stderr?: string }).stderr ?? error)}`, false);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;
