// Where the things of one box lie that belong into its backup: told by `appliance.yaml` (a box that was
// installed) or by the server's own configuration files (a checkout, a container). The configuration
// itself is read by the one reader of settings, so a wrong line is reported as everywhere.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Config, ConfigError, loadConfig } from '../../config/load.ts';
import { ExitError } from '../exit-codes.ts';
import type { FilePart } from './format.ts';

export interface BoxSource {
  applianceFile?: string;
  configFiles: readonly string[];
}

export interface Place {
  part: FilePart;
  /** A file, or a folder with everything below it. */
  path: string;
  /** The name of a single file within the backup. */
  name: string | null;
}

export interface Box {
  config: Config;
  /** The folder of the installation; null where there is none. */
  home: string | null;
  places: readonly Place[];
}

/** @throws ExitError `badInput`. */
export function locateBox({ applianceFile, configFiles }: BoxSource): Box {
  if (applianceFile === undefined) {
    const config = load({ files: configFiles });
    const shown = configFiles.map((file): Place => ({
      part: 'config',
      path: resolve(file),
      name: basename(file),
    }));
    return { config, home: null, places: [...dataPlaces(config), ...shown] };
  }
  if (configFiles.length > 0) {
    throw new ExitError('badInput', 'Expected --file or --config, found both.');
  }
  const { home, config } = readAppliance(applianceFile);
  const own = { part: 'config', path: resolve(applianceFile), name: 'appliance.yaml' } as const;
  const installed: Place[] =
    home === null
      ? [own]
      : [
          ...(existsSync(join(home, 'config/appliance.yaml')) ? [] : [own]),
          { part: 'config', path: join(home, 'config'), name: null },
          { part: 'secrets', path: join(home, 'secrets'), name: null },
        ];
  return { config, home, places: [...dataPlaces(config), ...installed] };
}

function dataPlaces({ data_dir: data, keys, bootstrap, gateway }: Config): Place[] {
  const { cert_file: cert, key_file: key } = gateway.tls;
  const tls = [
    { path: cert, name: 'certificate.pem' },
    { path: key, name: 'key.pem' },
  ].flatMap(({ path, name }): Place[] => (path === null ? [] : [{ part: 'tls', path, name }]));
  return [
    { part: 'keys', path: keys.file.path, name: 'keys.json' },
    { part: 'authority', path: join(data, 'gateway'), name: null },
    { part: 'api_key', path: bootstrap.api_key_file, name: 'bootstrap-api-key' },
    ...tls,
  ];
}

interface ApplianceFile {
  runtime?: unknown;
  process?: { home?: unknown };
  container?: { home?: unknown };
  config?: unknown;
}

function readAppliance(file: string): { home: string | null; config: Config } {
  let written: ApplianceFile | null;
  try {
    written = parse(readFileSync(file, 'utf8')) as ApplianceFile | null;
  } catch (error) {
    const found = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    throw new ExitError('badInput', `${file}: expected a readable YAML file, found ${found}.`);
  }
  const runtime = written?.runtime;
  if (runtime !== 'process' && runtime !== 'container') {
    throw new ExitError(
      'badInput',
      `${file}: runtime: expected process or container, found ${JSON.stringify(runtime ?? null)}. In a cluster run the command in the pod, with --config.`,
    );
  }
  const named = written?.[runtime]?.home;
  if (typeof named !== 'string' || named === '') {
    throw new ExitError(
      'badInput',
      `${file}: ${runtime}.home: expected a folder, found ${JSON.stringify(named ?? null)}.`,
    );
  }
  const home = resolve(dirname(file), named);
  return { home, config: loadSettings(written?.config ?? {}, home) };
}

/** What was applied is what runs; before the first apply it is what the file says. */
function loadSettings(settings: unknown, home: string): Config {
  const applied = join(home, 'config/server.yaml');
  if (existsSync(applied)) return load({ files: [applied], cwd: home });
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-settings-'));
  try {
    const draft = join(folder, 'appliance.yaml#config');
    const whole = { data_dir: join(home, 'data'), ...(settings as Record<string, unknown>) };
    writeFileSync(draft, stringify(whole), { mode: 0o600 });
    return load({ files: [draft], cwd: home });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function load(sources: Parameters<typeof loadConfig>[0]): Config {
  try {
    return loadConfig(sources);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ExitError('badInput', error.message, { cause: error });
  }
}
