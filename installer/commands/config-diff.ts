// `sallyport config diff`: what a new configuration changes, against another file or against what was
// applied. Secrets are compared and never shown. Changes nothing.

import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { compareConfigs, type SettingChange } from '../../config/compare.ts';
import { type Config, loadConfig } from '../../config/load.ts';
import { readSecretFile } from '../../config/secret-file.ts';
import { readGroup, readYamlFile } from '../../config/yaml-layer.ts';
import { homeOf, readApplianceFile } from '../appliance-file/read.ts';
import { ExitError } from '../exit-codes.ts';
import { authoritiesName } from '../runtimes/home/render.ts';
import { fileOption, jsonOption } from './options.ts';

/** Settings that the runtime decides anew at each apply. */
const OF_THE_RUNTIME: ReadonlySet<string> = new Set(['data_dir', 'trust.root_file']);

export function addConfigDiff(config: Command): void {
  config
    .command('diff')
    .description('Say what changes between two files, or between what was applied and --file.')
    .argument('[before]', 'a YAML file of the server, or an appliance.yaml')
    .argument('[after]', 'the other one')
    .addOption(fileOption())
    .addOption(jsonOption())
    .action((before: string | undefined, after: string | undefined, options: Options) =>
      printDiff(diff(before, after, options.file), options.json),
    );
}

interface Options {
  file: string;
  json: boolean;
}

function diff(
  before: string | undefined,
  after: string | undefined,
  file: string,
): SettingChange[] {
  if (before === undefined) return diffWithApplied(file);
  if (after === undefined) {
    throw new ExitError('badInput', 'config diff: expected two files or none, found one');
  }
  return compareConfigs(load(before), load(after));
}

function load(file: string): Config {
  return isApplianceFile(file)
    ? readApplianceFile(file).config
    : loadConfig({ files: [file], env: {} });
}

/** Neither of its own names is a setting of the server. */
function isApplianceFile(file: string): boolean {
  return existsSync(file) && /^(?:runtime|config):/m.test(readFileSync(file, 'utf8'));
}

function diffWithApplied(file: string): SettingChange[] {
  const { settings, config, authorities } = readApplianceFile(file);
  const home = homeOf(settings);
  if (home === null) {
    throw new ExitError(
      'badInput',
      `${file}: expected runtime process or container, found helm: what was applied is in the cluster (helm get values), and sallyport plan compares it`,
    );
  }
  const applied = join(home, 'current/server.yaml');
  if (!existsSync(applied)) {
    throw new ExitError('notInstalled', `Nothing is installed in ${home}.`);
  }
  const before = loadApplied(applied, { secrets: join(home, 'secrets'), dataDir: config.data_dir });
  const { ca_file: copied } = before.outside;
  const sameAuthorities =
    authorities !== null && copied !== null && basename(copied) === authoritiesName(authorities);
  return compareConfigs(before, config).filter(
    ({ path }) => !OF_THE_RUNTIME.has(path) && !(sameAuthorities && path === 'outside.ca_file'),
  );
}

/** In a container the server sees secrets and data elsewhere than they lie here. */
function loadApplied(file: string, at: { secrets: string; dataDir: string }): Config {
  const layer = readYamlFile(file, (contents, reader) =>
    readGroup(contents, '', {
      ...reader,
      readSecret: (named) => readSecretFile(join(at.secrets, basename(named))),
    }),
  );
  return loadConfig({ layers: [layer], env: {}, overrides: { data_dir: at.dataDir } });
}

function printDiff(changes: readonly SettingChange[], json: boolean): void {
  if (json) {
    process.stdout.write(`${JSON.stringify({ changes })}\n`);
    return;
  }
  for (const { path, before = '', after = '', sensitive } of changes) {
    const words = sensitive ? 'changed (secret, not shown)' : `${before} → ${after}`;
    process.stdout.write(`${path}: ${words}\n`);
  }
  if (changes.length === 0) process.stdout.write('Nothing differs.\n');
}
