// Builds the Go client of docs/device-protocol.md and lets it claim, connect, report and ask at a real
// gateway, over loopback and a database of its own. Prints one line per promise and the sum of them.

import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { MIGRATIONS } from '../../migrations/index.ts';
import { createAccess, createNode } from '../../server/domains/access/index.ts';
import { connectDatabases, type DatabaseSettings } from '../../server/platform/database/connect.ts';
import { transaction } from '../../server/platform/database/database.ts';
import { migrateUp } from '../../server/platform/database/migrate.ts';
import type { Deps } from '../../server/platform/deps.ts';
import { realWorld } from '../../server/real-world.ts';
import { createIds } from '../../server/shared/ids.ts';
import { issueCode, register, startRig } from '../domains/devices/gateway-rig.ts';

const run = promisify(execFile);
const GO = fileURLToPath(new URL('go', import.meta.url));
const EVENTS = 1_000;
const ACTOR = { kind: 'system', id: 'test' };

const folder = mkdtempSync(join(tmpdir(), 'sallyport-go-'));
const settings: DatabaseSettings = {
  kind: 'sqlite',
  file: join(folder, 'go.db'),
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

async function main(): Promise<void> {
  const client = join(folder, 'client');
  await run('go', ['build', '-o', client, '.'], { cwd: GO });
  await migrateUp(settings, MIGRATIONS);
  const world = realWorld();
  const databases = connectDatabases(settings, world);
  const deps: Deps = { databases, world, ids: createIds(world), log: pino({ enabled: false }) };
  const access = createAccess(deps, { environment: 'test', apiVersion: '2026-11-21' });
  const made = await access.createOrganization({ name: 'Go', actor: ACTOR });
  const orgId = made.organization.id;
  const db = databases.org(orgId);
  const site = await transaction(db, (tx) =>
    createNode(deps, tx, { parentId: made.rootNodeId, kind: 'site', name: 'Site', actor: ACTOR }),
  );
  const rig = await startRig(deps);
  try {
    const device = await register(rig, { orgId, siteId: site.id });
    const claim = await issueCode(rig, orgId, device);
    const ask = { amount: { amount: 1_250, currency: 'EUR' } };
    const flags = ['--claim', claim, '--events', String(EVENTS), '--kind', 'echo'];
    const { stdout } = await run(client, [...flags, '--ask', JSON.stringify(ask)]);
    process.stdout.write(stdout);
    const said = JSON.parse(stdout) as Record<string, unknown>;
    const answer = said['answer'] as Record<string, unknown>;
    check('it claimed the place that was registered', said['device'] === device);
    check('it was welcomed as the first connection', said['gen'] === 1);
    check('all its events were acknowledged', said['acked'] === EVENTS);
    const rows = await db.query<{ stored: number; last: number }>(
      `select count(*) as stored, max(seq) as last from device_event
        where org_id = $1 and device_id = $2 and status = 'accepted'`,
      [orgId, device],
    );
    check('and each is stored once', rows[0]?.stored === EVENTS && rows[0].last === EVENTS);
    check('its question was decided', answer['decision'] === 'approved');
    check('on what it asked', JSON.stringify(answer['echo']) === JSON.stringify(ask));
    const again = await run(client, ['--claim', claim]).catch((error: { stderr: string }) => error);
    check('the same code does not take another key', again.stderr.includes('4504'));
    const foreign = claim.replace(/S=.*/, `S=${'A'.repeat(43)}`);
    const misled = await run(client, ['--claim', foreign]).catch(
      (error: { stderr: string }) => error,
    );
    check('it does not speak to a gateway with another pin', misled.stderr.includes('x509'));
  } finally {
    await rig.stop();
    await databases.close();
  }
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
