// `sallyport verify`: asks the running appliance from outside, and looks at the files an install laid down.
// Every finding is printed; one that is not well makes the exit code 1. Changes nothing.

import { join } from 'node:path';
import type { Command } from 'commander';
import { verifyTrustRoot } from '../../config/trust-root.ts';
import { migrationDrift } from '../../server/platform/database/migrate.ts';
import { MIGRATIONS } from '../../migrations/index.ts';
import { type ApplianceFile, homeOf, readApplianceFile } from '../appliance-file/read.ts';
import { databaseOf } from '../backup/database-of.ts';
import { EXIT_CODES, ExitError } from '../exit-codes.ts';
import type { Host } from '../host/host.ts';
import { realHost } from '../host/real-host.ts';
import { createRuntime } from '../runtimes/create-runtime.ts';
import { apiUrl } from '../runtimes/well.ts';
import { fileOption, jsonOption, NO_WAIT, releaseOption, type ReleaseOptions } from './options.ts';

interface Finding {
  what: string;
  ok: boolean;
  found: string;
}

const PROBE_TIMEOUT_MS = 5_000;
const SECRET_MODE = 0o600;

export function addVerifyCommand(program: Command): void {
  program
    .command('verify')
    .description(
      'ask the running appliance from outside: probes, version, schema, trust root, keys',
    )
    .addOption(fileOption())
    .addOption(releaseOption())
    .addOption(jsonOption())
    .action(verify);
}

async function verify({ file, release, json }: ReleaseOptions): Promise<void> {
  const host = realHost();
  const appliance = readApplianceFile(file);
  const runtime = await createRuntime(host, appliance, { releaseDir: release, ...NO_WAIT });
  const state = await runtime.look();
  if (!state.installed) throw new ExitError('notInstalled', 'Nothing is installed.');
  const findings = [
    finding('what was applied is what appliance.yaml says', state.applied === state.wanted, {
      found: state.applied ?? 'nothing',
    }),
    finding('it runs', state.running, { found: state.running ? 'yes' : state.detail }),
    ...(await probes(host, appliance)),
    ...(await schema(appliance)),
    ...(await laidDown(host, appliance)),
  ];
  const ok = findings.every((each) => each.ok);
  if (json) process.stdout.write(`${JSON.stringify({ ok, findings })}\n`);
  else {
    for (const each of findings) {
      process.stdout.write(`${each.ok ? 'ok  ' : 'FAIL'}  ${each.what}: ${each.found}\n`);
    }
  }
  if (!ok) process.exitCode = EXIT_CODES.unexpected.code;
}

async function probes(host: Host, { settings, config }: ApplianceFile): Promise<Finding[]> {
  const api = settings.helm.api_url ?? apiUrl(config);
  const found: Finding[] = [];
  for (const path of ['/livez', '/startupz', '/readyz', '/version', '/openapi.json']) {
    const answer = await host.probe(`${api}${path}`, PROBE_TIMEOUT_MS);
    const status = answer?.status === 200 ? '200' : `${answer?.status ?? 'no answer'}`;
    const body = path === '/version' ? ` ${answer?.body ?? ''}` : '';
    found.push(finding(`GET ${path}`, answer?.status === 200, { found: status + body }));
  }
  const closed = await host.probe(`${api}/v1/whoami`, PROBE_TIMEOUT_MS);
  found.push(
    finding('GET /v1/whoami without a key is refused', closed?.status === 401, {
      found: String(closed?.status ?? 'no answer'),
    }),
  );
  return found;
}

async function schema(appliance: ApplianceFile): Promise<Finding[]> {
  if (homeOf(appliance.settings) === null) return [];
  const { missing, unknown } = await migrationDrift(databaseOf(appliance.config), MIGRATIONS);
  const ok = missing.length === 0;
  const found = ok
    ? `all ${MIGRATIONS.length}${unknown.length === 0 ? '' : `, and ${unknown.length} newer ones`}`
    : `missing ${missing.join(', ')}`;
  return [finding('the database has the migrations of this release', ok, { found })];
}

async function laidDown(host: Host, { settings, config }: ApplianceFile): Promise<Finding[]> {
  const home = homeOf(settings);
  if (home === null) return [];
  const found: Finding[] = [];
  try {
    const root = verifyTrustRoot(join(home, 'config/trust/root.json'));
    const line = root.signed['x-release-line'];
    const expired = Date.parse(root.signed.expires) < host.clock.nowMs();
    found.push(
      finding('the trust root is the one that was laid down', !expired, {
        found: `line ${line}, version ${root.signed.version}, expires ${root.signed.expires}`,
      }),
    );
  } catch (error) {
    const what = 'the trust root is the one that was laid down';
    found.push(finding(what, false, { found: (error as Error).message }));
  }
  const keys = config.keys.file.path;
  const mode = await host.files.mode(keys);
  found.push(
    finding('the key file is its owner’s alone', mode === SECRET_MODE, {
      found: mode === null ? `no file at ${keys}` : `mode 0${mode.toString(8)}`,
    }),
  );
  const secrets = join(home, 'secrets');
  const open: string[] = [];
  for (const name of await host.files.list(secrets)) {
    if ((await host.files.mode(join(secrets, name))) !== SECRET_MODE) open.push(name);
  }
  found.push(
    finding('secrets are their owner’s alone', open.length === 0, {
      found: open.length === 0 ? 'yes' : `others may read ${open.join(', ')}`,
    }),
  );
  return found;
}

function finding(what: string, ok: boolean, { found }: { found: string }): Finding {
  return { what, ok, found };
}
