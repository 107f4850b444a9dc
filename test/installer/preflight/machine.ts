// A machine for the checks: this one, with the answers that a case replaces.

import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Config, loadConfig } from '../../../config/load.ts';
import type { Finding, PreflightContext } from '../../../installer/preflight/check.ts';
import type {
  CommandResult,
  PostgresFacts,
  PreflightCluster,
  PreflightHost,
} from '../../../installer/preflight/host.ts';
import { CHECKS, realPreflightHost } from '../../../installer/preflight/index.ts';
import { MIGRATIONS } from '../../../migrations/index.ts';

export const ROOT = join(import.meta.dirname, '../../..');

export interface Case {
  host?: Partial<PreflightHost>;
  env?: Record<string, string>;
  /** Dotted settings, as text. */
  settings?: Record<string, string>;
  target?: Partial<PreflightContext['target']>;
  context?: Partial<Omit<PreflightContext, 'target' | 'config'>>;
  home?: string;
}

export function temporaryHome(files: Record<string, string> = {}, mode = 0o600): string {
  const home = mkdtempSync(join(tmpdir(), 'sallyport-preflight-'));
  for (const [name, text] of Object.entries(files)) {
    const file = join(home, name);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(file, text, { mode });
  }
  return home;
}

export async function look(id: string, given: Case): Promise<Finding> {
  const check = CHECKS.find((each) => each.id === id);
  if (check === undefined) throw new Error(`There is no check ${id}.`);
  const { host, context } = machine(given);
  return check.check(host, context);
}

export function machine(given: Case): { host: PreflightHost; context: PreflightContext } {
  const home = given.home ?? temporaryHome();
  const dataDir = join(home, 'data');
  const runtime = given.target?.runtime ?? 'process';
  const config: Config = loadConfig({
    env: {},
    overrides: { profile: 'single', data_dir: dataDir, ...given.settings },
  });
  const context: PreflightContext = {
    target: {
      runtime,
      name: 'sallyport',
      home: runtime === 'helm' ? null : home,
      supervisor: 'pidfile',
      user: null,
      engine: null,
      image: null,
      namespace: null,
      kubeContext: null,
      chart: null,
      replicas: 1,
      storageClass: null,
      ...given.target,
    },
    config,
    hiddenSecrets: new Set(),
    configFiles: [],
    dataDir: runtime === 'helm' ? null : dataDir,
    release: { version: '0.1.0', root: ROOT, migrations: MIGRATIONS.map(({ name }) => name) },
    ...given.context,
  };
  return { host: { ...realPreflightHost(given.env ?? {}), ...given.host }, context };
}

/** Files of the system that a case replaces; the others are real. */
export function filesSaying(texts: Record<string, string>): Partial<PreflightHost> {
  const real = realPreflightHost({});
  return { readText: async (file) => texts[file] ?? real.readText(file) };
}

/** Commands by their first words; any other is not installed. */
export function commandsSaying(
  answers: Record<string, Partial<CommandResult>>,
): Partial<PreflightHost> {
  return {
    run: async (command, args) => {
      const line = [command, ...args].join(' ');
      const known = Object.keys(answers).find((start) => line.startsWith(start));
      if (known === undefined) return { code: null, stdout: '', stderr: 'ENOENT' };
      return { code: 0, stdout: '', stderr: '', ...answers[known] };
    },
  };
}

export const POSTGRES: Record<string, string> = {
  'database.kind': 'postgres',
  'database.postgres.host': 'db.example.com',
  'database.postgres.owner_password': 'x',
  'database.postgres.app_password': 'x',
  'database.postgres.engine_password': 'x',
};

export function postgresSaying(facts: Partial<PostgresFacts>): Partial<PreflightHost> {
  const role = { superuser: false, bypassesRls: false, canLogin: true };
  const whole: PostgresFacts = {
    versionNumber: 180_004,
    encoding: 'UTF8',
    fsync: 'on',
    fullPageWrites: 'on',
    synchronousCommit: 'on',
    connectionsMax: 100,
    connectionsReserved: 3,
    connectionsInUse: 4,
    mayCreate: true,
    roles: [
      { name: 'sallyport_app', ...role },
      { name: 'sallyport_engine', ...role },
    ],
    migrations: MIGRATIONS.map(({ name }) => name),
    ...facts,
  };
  return { postgres: async () => ({ ok: true, facts: whole }) };
}

export function clusterSaying(answers: Partial<PreflightCluster>): Partial<PreflightHost> {
  const cluster: PreflightCluster = {
    version: async () => 'v1.36.0',
    namespaceLabels: async () => ({ 'pod-security.kubernetes.io/enforce': 'restricted' }),
    may: async () => true,
    storageClasses: async () => [{ name: 'fast', isDefault: true }],
    ...answers,
  };
  return { cluster: async () => ({ ok: true, cluster }) };
}
